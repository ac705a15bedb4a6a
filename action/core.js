// @ts-check
// The core: the wasm of the crate, loaded once.

import { readFileSync } from 'node:fs'
import { initSync } from '../pkg/docktag.js'

export { Hasher, Session, definitions } from '../pkg/docktag.js'

/** The compiled module, for workers. */
export const module = new WebAssembly.Module(readFileSync(new URL('../pkg/docktag_bg.wasm', import.meta.url)))

/** The memory that hashers' buffers lie in. */
export const { memory } = initSync({ module })
