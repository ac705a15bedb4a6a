// For Node: the module is there at once. Browsers take ./docktag.js, and call its default function first.

import { readFileSync } from 'node:fs'
import { initSync } from './docktag.js'

export * from './docktag.js'
export { default } from './docktag.js'

/** The exports of the wasm, its memory among them. */
export const wasm = initSync({ module: readFileSync(new URL('./docktag_bg.wasm', import.meta.url)) })
