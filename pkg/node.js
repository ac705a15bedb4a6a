// For Node: both files of the module are there at once. Browsers take ./web.js, and call its default function first.

import { readFileSync } from 'node:fs'
import { initSync } from './docktag.js'

export * from './docktag.js'
export { paths } from './files.js'

const first = initSync({ module: readFileSync(new URL('./docktag_bg.wasm', import.meta.url)) })
// The second file takes its places in the memory and the table of the first.
new WebAssembly.Instance(new WebAssembly.Module(readFileSync(new URL('./docktag_rest.wasm', import.meta.url))), { first })

/** The memory of the module, in which the buffers of hashers lie. */
export const memory = first.memory

/** Done already; here so that the same program runs in a browser. */
export default async function init() {}
