// @ts-check
// The two files of the wasm, on their way: threads of the engine compile them while everything else is loaded.

import { readFileSync } from 'node:fs'

const files = ['../pkg/docktag_bg.wasm', '../pkg/docktag_rest.wasm']

/** Both, compiled; a failure is for who waits for it. */
export const compiled = Promise.all(files.map((file) => WebAssembly.compile(readFileSync(new URL(file, import.meta.url)))))
compiled.catch(() => {})
