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

/** @type {Map<number, { question: Question, resolve: (value: any) => void, reject: (error: Error) => void, progress: (progress: Progress) => void }>} */
const open = new Map()
let count = 0
/** A network fails now and then: the worker is loaded again where it did not come, so many times. */
let again = 2
/** Milliseconds in between. */
const PAUSE = 300
/** Whether it never came. */
let isBroken = false

// Only a worker from a blob inherits the page's policy (HTML, "initialize worker policy container"); one that is loaded by its address
// has that of its own response, and static hosts cannot set headers.
const source = `import ${JSON.stringify(new URL('../core/worker.js', import.meta.url).href)}`
const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
let worker = load()

function load() {
  const worker = new Worker(url, { type: 'module' })
  let hasCome = false
  worker.addEventListener('message', ({ data }) => {
    hasCome = true
    take(data)
  })
  worker.addEventListener('error', () => {
    if (hasCome || again-- === 0) return giveUp()
    setTimeout(retry, PAUSE)
  })
  return worker
}

function retry() {
  worker = load()
  for (const { question } of open.values()) worker.postMessage(question)
}

function giveUp() {
  isBroken = true
  for (const { reject } of open.values()) reject(broken())
  open.clear()
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
  const whole = /** @type {Question} */ ({ ...question, id })
  /** @type {Promise<Result>} */
  const answer = isBroken ? Promise.reject(broken()) : new Promise((resolve, reject) => open.set(id, { question: whole, resolve, reject, progress }))
  worker.postMessage(whole)
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
