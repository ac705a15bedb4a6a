// @ts-check
// Questions to the worker, and its answers.

/** @typedef {import('../core/worker.js').Question} Question */
/** @typedef {import('../core/worker.js').Progress} Progress */
/** @typedef {import('../../../pkg/docktag.js').Failed} Failed */

/** An answer that is an error, to be shown. */
export class Refused extends Error {
  /** @param {Failed} failed */
  constructor(failed) {
    super(failed.message)
    this.failed = failed
  }
}

/** Nobody waits for the answer any more. */
export class Stopped extends Error {}

/** @type {Map<number, { asked: Question, resolve: (value: any) => void, reject: (error: Error) => void, progress: (progress: Progress) => void }>} */
const open = new Map()
let count = 0
/** Tries left to load the worker; -1: given up. */
let again = 2

// Only a worker from a blob inherits the page's policy (HTML, "initialize worker policy container"); one that is loaded by its address
// has that of its own response, and static hosts cannot set headers.
const source = `import ${JSON.stringify(new URL('../core/worker.js', import.meta.url).href)}`
const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
/** @type {Worker} */
let worker
load()

function load() {
  worker = new Worker(url, { type: 'module' })
  worker.addEventListener('message', ({ data }) => {
    again = 0
    take(data)
  })
  worker.addEventListener('error', () => {
    if (again-- > 0) return setTimeout(load, 300)
    for (const { reject } of open.values()) reject(broken())
    open.clear()
  })
  for (const { asked } of open.values()) worker.postMessage(asked)
}

/** @param {import('../core/worker.js').Reply} reply */
function take({ id, progress, result, error, cancelled }) {
  const waiting = open.get(id)
  if (!waiting) return
  if (progress) return waiting.progress(progress)
  open.delete(id)
  if (error) waiting.reject(new Refused(error))
  else if (cancelled) waiting.reject(new Stopped())
  else waiting.resolve(result)
}

function broken() {
  return new Refused({ code: 'page', place: null, line: null, column: null, message: 'the part of this page that does the work could not be loaded', help: 'reload the page; is the browser a current one?' })
}

/**
 * @template Result
 * @param {Question extends infer One ? One extends { id: number } ? Omit<One, 'id'> : never : never} question
 * @param {(progress: Progress) => void} [progress]
 * @returns {{ answer: Promise<Result>, cancel: () => void }}
 */
export function ask(question, progress = () => {}) {
  const id = ++count
  const asked = /** @type {Question} */ ({ ...question, id })
  /** @type {Promise<Result>} */
  const answer = again < 0 ? Promise.reject(broken()) : new Promise((resolve, reject) => open.set(id, { asked, resolve, reject, progress }))
  worker.postMessage(asked)
  const cancel = () => {
    worker.postMessage({ id, ask: 'cancel' })
    open.get(id)?.reject(new Stopped())
    open.delete(id)
  }
  return { answer, cancel }
}

/** Tells the worker that there will be something to look at, so that it has what it needs by then. */
export function prepare() {
  ask({ ask: 'prepare' }).answer.catch(() => {})
}
