// @ts-check
// Hashing many files: here, and in threads where there is enough to do. The event loop goes on meanwhile, and with it the log.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Hasher, memory, module } from './core.js'
import { HostFailure } from './failure.js'
import { fileHasher } from './hash-file.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('../pkg/docktag.js').Hashed} Hashed */
/** @typedef {import('../pkg/docktag.js').Algorithm} Algorithm */

/** Files that a thread gets at a time: a message costs as much as a few of them. */
const BATCH = 64
/** Fewer files than these are hashed before a thread has started, unless they are large. */
const MANY = 400
/** So much work, in milliseconds, is done here before threads are asked for. */
const PATIENCE = 40
/** Batches that a thread has waiting, so that it need not wait itself. */
const AHEAD = 2
/** CI services end jobs that are silent for long, and nobody reads a line a second. */
const SILENCE = 10_000

/**
 * Hashes files; the answer has their order. The first failure that is met is the one that is told.
 * @param {Path[]} paths
 * @param {Algorithm} algorithm
 * @param {(text: string) => void} say
 * @returns {Promise<Hashed[]>}
 */
export async function hash(paths, algorithm, say) {
  /** @type {Hashed[]} */
  const hashed = new Array(paths.length)
  let next = 0
  let done = 0
  /** Takes the next files off the list. */
  const take = () => {
    const start = next
    next = Math.min(next + BATCH, paths.length)
    return { start, paths: paths.slice(start, next) }
  }
  const threads = new Threads(algorithm, take, ({ start, hashed: part }) => {
    part.forEach((one, index) => (hashed[start + index] = one))
    done += part.length
  })
  const timer = setInterval(() => say(`hashing: ${done} of ${paths.length} files`), SILENCE)
  const begin = performance.now()
  const isLong = () => paths.length >= MANY || performance.now() - begin > PATIENCE
  const pause = () => {
    if (next < paths.length && isLong()) threads.start()
    return breath()
  }
  try {
    const hashFile = fileHasher(Hasher, memory, algorithm, pause)
    while (next < paths.length && !threads.failure) {
      if (isLong()) threads.start()
      // What is here stays small, so that the threads find work until the end.
      const index = next++
      hashed[index] = await hashFile(paths[index])
      done++
      if (done % 16 === 0) await breath()
    }
    await threads.end()
    return hashed
  } finally {
    clearInterval(timer)
    await threads.stop()
  }
}

/** Lets everything else that waits have its turn. */
function breath() {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The threads of one call, fed with batches while there are any. */
class Threads {
  /** @type {Worker[]} */
  #workers = []
  #open = 0
  /** @type {() => void} */
  #settle = () => {}
  /** @type {HostFailure | undefined} */
  failure

  /**
   * @param {Algorithm} algorithm
   * @param {() => { start: number, paths: Path[] }} take
   * @param {(part: { start: number, hashed: Hashed[] }) => void} keep
   */
  constructor(algorithm, take, keep) {
    this.algorithm = algorithm
    this.take = take
    this.keep = keep
  }

  /** Starts one thread per core besides ours, once. */
  start() {
    if (this.#workers.length > 0) return
    for (let count = Math.min(availableParallelism() - 1, 7); count > 0; count--) {
      const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData: { module, algorithm: this.algorithm } })
      worker.on('message', (answer) => this.#receive(worker, answer))
      worker.on('error', (error) => this.#fail(new HostFailure('other', `a hashing thread failed: ${error.message}`)))
      this.#workers.push(worker)
      for (let ahead = 0; ahead < AHEAD; ahead++) this.#feed(worker)
    }
  }

  /** Waits until everything that was taken is hashed. */
  async end() {
    if (this.#open > 0 && !this.failure) await new Promise((resolve) => (this.#settle = () => resolve(undefined)))
    if (this.failure) throw this.failure
  }

  /** Ends the threads. */
  async stop() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  /** @param {Worker} worker */
  #feed(worker) {
    const batch = this.take()
    if (batch.paths.length === 0) return
    this.#open++
    worker.postMessage(batch)
  }

  /**
   * @param {Worker} worker
   * @param {{ start: number, hashed: Hashed[], failed?: import('../pkg/docktag.js').Failure }} answer
   */
  #receive(worker, answer) {
    this.#open--
    if (answer.failed) return this.#fail(new HostFailure(answer.failed.kind, answer.failed.message, answer.failed.path))
    this.keep(answer)
    this.#feed(worker)
    if (this.#open === 0) this.#settle()
  }

  /** @param {HostFailure} failure */
  #fail(failure) {
    this.failure ??= failure
    this.#settle()
  }
}
