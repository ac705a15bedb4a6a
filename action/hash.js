// @ts-check
// Hashing many files: here, and in threads where there is enough to do. The event loop goes on meanwhile, and with it the log.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Hasher, Lanes, memory, module } from './core.js'
import { HostFailure } from './failure.js'
import { hasher } from './hash-file.js'

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
 * @param {{ paths: Path[], algorithm: Algorithm, text: boolean }} need
 * @param {(text: string) => void} say
 * @returns {Promise<Hashed[]>}
 */
export async function hash({ paths, algorithm, text }, say) {
  const work = new Work(paths, { algorithm, text })
  const timer = setInterval(() => say(`hashing: ${work.done} of ${paths.length} files`), SILENCE)
  const begin = performance.now()
  const helpIfLong = () => {
    if (!work.isTaken && (paths.length >= MANY || performance.now() - begin > PATIENCE)) help(work)
  }
  try {
    const hashAll = hasher({ Hasher, Lanes }, memory, { algorithm, text }, () => {
      helpIfLong()
      return breath()
    })
    const next = () => {
      helpIfLong()
      // What is taken here is little, so that the threads find work until the end.
      return work.isTaken || work.failure ? undefined : work.takeOne()
    }
    await hashAll(next, ({ index }, hashed) => work.keep(index, [hashed]))
    await work.end()
    return work.hashed
  } finally {
    clearInterval(timer)
    lists.delete(work.number)
  }
}

/** Ends the threads, where there are any. */
export async function close() {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()))
}

/** Lets everything else that waits have its turn. */
function breath() {
  return new Promise((resolve) => setImmediate(resolve))
}

/** How many lists there have been. */
let count = 0

/** A list of files that several hash together. */
class Work {
  #next = 0
  #settle = () => {}
  done = 0
  /** @type {HostFailure | undefined} */
  failure

  /**
   * @param {Path[]} paths
   * @param {{ algorithm: Algorithm, text: boolean }} how
   */
  constructor(paths, how) {
    this.number = count++
    this.paths = paths
    this.how = how
    /** @type {Hashed[]} */
    this.hashed = new Array(paths.length)
  }

  /** Whether nothing is left to be taken. */
  get isTaken() {
    return this.#next >= this.paths.length
  }

  /** @returns {{ index: number, path: Path }} */
  takeOne() {
    const index = this.#next++
    return { index, path: this.paths[index] }
  }

  /** Takes the next files off the list. */
  takeBatch() {
    const start = this.#next
    // Near the end batches are small, so that all end at the same time.
    const share = Math.ceil((this.paths.length - start) / 16)
    this.#next = start + Math.min(BATCH, share)
    return { start, paths: this.paths.slice(start, this.#next), ...this.how }
  }

  /**
   * @param {number} start
   * @param {Hashed[]} part
   */
  keep(start, part) {
    part.forEach((one, index) => (this.hashed[start + index] = one))
    this.done += part.length
    if (this.done === this.paths.length) this.#settle()
  }

  /** @param {HostFailure} failure */
  fail(failure) {
    this.failure ??= failure
    this.#settle()
  }

  /** Waits until everything is hashed. */
  async end() {
    if (this.done < this.paths.length && !this.failure) await new Promise((resolve) => (this.#settle = () => resolve(undefined)))
    if (this.failure) throw this.failure
  }
}

/** The threads, kept for the next list; those that wait keep nobody from ending. @type {Worker[]} */
const threads = []
/** The lists that threads help with, by number. @type {Map<number, Work>} */
const lists = new Map()

/**
 * Lets the threads help, as many as there are cores besides ours.
 * @param {Work} work
 */
function help(work) {
  if (lists.has(work.number)) return
  lists.set(work.number, work)
  while (threads.length < Math.min(availableParallelism() - 1, 7)) threads.push(start())
  for (const thread of threads) {
    for (let ahead = 0; ahead < AHEAD; ahead++) feed(thread, work)
  }
}

/** Starts a thread. */
function start() {
  const thread = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData: { module }, resourceLimits: { maxYoungGenerationSizeMb: 4 } })
  thread.unref()
  thread.on('message', (/** @type {import('./hash-worker.js').Reply} */ { list, start, hashed, failed }) => {
    const work = lists.get(list)
    // One that has failed is gone.
    if (!work) return
    if (failed) return work.fail(new HostFailure(failed.kind, failed.message, failed.path))
    work.keep(start, hashed)
    feed(thread, work)
  })
  thread.on('error', ({ message }) => lists.forEach((work) => work.fail(new HostFailure('other', `a hashing thread failed: ${message}`))))
  return thread
}

/**
 * Gives a thread its next batch.
 * @param {Worker} thread
 * @param {Work} work
 */
function feed(thread, work) {
  if (!work.isTaken && !work.failure) thread.postMessage({ list: work.number, ...work.takeBatch() })
}
