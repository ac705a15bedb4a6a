// @ts-check
// The core: the wasm of the crate in two files, loaded once.

import { readFileSync } from 'node:fs'
import { initSync } from '../pkg/docktag.js'

export { Hasher, Lanes, Session, definitions } from '../pkg/docktag.js'

/** The first file of the module, compiled; for threads, which only hash. */
export const module = new WebAssembly.Module(readFileSync(new URL('../pkg/docktag_bg.wasm', import.meta.url)))

const first = initSync({ module })
// The second file takes its places in the memory and the table of the first.
new WebAssembly.Instance(new WebAssembly.Module(readFileSync(new URL('../pkg/docktag_rest.wasm', import.meta.url))), { first: /** @type {any} */ (first) })

/** The memory that hashers' buffers lie in. */
export const { memory } = first
