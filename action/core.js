// @ts-check
// The core: the wasm of the crate in two files, loaded once.

import { readFileSync } from 'node:fs'
import { initSync } from '../pkg/docktag.js'

export { Batch, Hasher, Lanes, Session, definitions } from '../pkg/docktag.js'

// Both are compiled at the same time, in threads of the engine.
const [bg, rest] = await Promise.all(
  ['../pkg/docktag_bg.wasm', '../pkg/docktag_rest.wasm'].map((file) => WebAssembly.compile(readFileSync(new URL(file, import.meta.url)))),
)
const first = initSync({ module: bg })
// The second file takes its places in the memory and the table of the first.
new WebAssembly.Instance(rest, { first: /** @type {any} */ (first) })

/** The first file of the module, compiled; for threads, which only hash. */
export const module = bg

/** The memory that hashers' buffers lie in. */
export const { memory } = first
