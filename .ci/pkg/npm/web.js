// For browsers: the module comes in two files. The first hashes, and reads and compares manifests; a `Session` needs both.

import start, { initSync as startSync, Session as Job } from './docktag.js'

export * from './docktag.js'
export { paths } from './files.js'

/** @type {Promise<WebAssembly.Exports> | undefined} */
let first
/** @type {Promise<void> | undefined} */
let rest
let isWhole = false

/** Loads the first file, once. */
export function initFirst(from) {
  first ??= start(from === undefined ? undefined : { module_or_path: from }).catch((error) => {
    first = undefined
    throw error
  })
  return first
}

/** Loads the second file, and the first where that was not done; once. */
export function initRest(from = new URL('docktag_rest.wasm', import.meta.url)) {
  rest ??= Promise.all([initFirst(), compiled(from)]).then(join, (error) => {
    rest = undefined
    throw error
  })
  return rest
}

/** Loads both at the same time. */
export default async function init({ module_or_path, rest } = {}) {
  const [exports] = await Promise.all([initFirst(module_or_path), initRest(rest)])
  return exports
}

/** Both from their bytes, or from modules; without the second there are no sessions. */
export function initSync({ module, rest }) {
  const exports = startSync({ module })
  first = Promise.resolve(exports)
  if (rest) join([exports, rest instanceof WebAssembly.Module ? rest : new WebAssembly.Module(rest)])
  return exports
}

/** A job in progress: `step` says what is needed, and takes the answers. */
export class Session extends Job {
  constructor(options, voice) {
    // What is missing would be a trap somewhere inside.
    if (!isWhole) throw new Error('docktag_rest.wasm is not loaded: wait for `init()`, or give `initSync` its bytes as `rest`')
    super(options, voice)
  }
}

async function compiled(from) {
  const given = await from
  if (given instanceof WebAssembly.Module) return given
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return WebAssembly.compile(given)
  const response = given instanceof Response ? given : await fetch(given)
  if (!response.ok) throw new Error(`${response.url}: status ${response.status}`)
  return WebAssembly.compile(await response.arrayBuffer())
}

/** The second file takes its places in the memory and the table of the first. */
function join([first, rest]) {
  if (!isWhole) new WebAssembly.Instance(rest, { first })
  isWhole = true
}
