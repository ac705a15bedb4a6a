// For Node: the module is there at once. Browsers take ./docktag.js, and call its default function first.

import { readFileSync } from 'node:fs'
import { initSync } from './docktag.js'

export * from './docktag.js'

const { memory: loaded } = initSync({ module: readFileSync(new URL('./docktag_bg.wasm', import.meta.url)) })

/** The memory of the module, in which the buffers of hashers lie. */
export const memory = loaded

/** Done already; here so that the same program runs in a browser. */
export default async function init() {}
