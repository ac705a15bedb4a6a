// @ts-check
// The core: the wasm of the crate in two files, loaded once.

import { initSync } from '../pkg/docktag.js'
import { compiled } from './compiled.js'

export { Batch, Hasher, Lanes, Session, definitions } from '../pkg/docktag.js'

const [bg, rest] = await compiled
const first = initSync({ module: bg })
// The second file takes its places in the memory and the table of the first.
new WebAssembly.Instance(rest, { first: /** @type {any} */ (first) })

/** The first file of the module, compiled; for threads, which only hash. */
export const module = bg

/** The memory that hashers' buffers lie in. */
export const { memory } = first
