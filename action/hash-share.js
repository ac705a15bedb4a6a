// @ts-check
// A list of files that several threads hash together: who takes which, and what came of it, in memory that all of them see.

import { paths } from '../pkg/files.js'

/** @typedef {import('../pkg/docktag.js').Files} Files */
/** @typedef {import('../pkg/docktag.js').Algorithm} Algorithm */
/** @typedef {{ files: Files, count: number, threads: number, algorithm: Algorithm, text: boolean, memory: SharedArrayBuffer }} Job a list as it is sent to threads */

/** As many are taken at a time: neighbours on disk. */
const TAKE = 32
/** The counters: the next file of the list, the files that are hashed, the large ones that were found, the next of these. */
const [NEXT, DONE, LARGE, NEXT_LARGE, COUNTERS] = [0, 1, 2, 3, 4]

/**
 * A list that nobody has begun.
 * @param {{ paths: Files, algorithm: Algorithm, text: boolean }} need
 * @param {number} count how many files that are
 * @param {number} threads how many may come to work on it
 * @returns {Job}
 */
export function job({ paths: files, algorithm, text }, count, threads) {
  const memory = new SharedArrayBuffer(4 * COUNTERS + count * (4 + 8 + width(algorithm) + 1))
  return { files, count, threads, algorithm, text, memory }
}

/** A job, as one thread sees it. */
export class Share {
  /**
   * @param {Job} job
   * @param {import('../pkg/docktag.js').Path[]} all its files, one by one
   */
  constructor({ files, count, threads, algorithm, text, memory }, all = paths(files)) {
    this.paths = all
    this.threads = threads
    this.algorithm = algorithm
    this.text = text
    this.width = width(algorithm)
    let at = 0
    const place = (/** @type {number} */ bytes) => (at += bytes) - bytes
    this.counters = new Int32Array(memory, place(4 * COUNTERS), COUNTERS)
    this.sizes = new Float64Array(memory, place(8 * count), count)
    this.large = new Int32Array(memory, place(4 * count), count)
    this.digests = new Uint8Array(memory, place(this.width * count), this.width * count)
    this.executable = new Uint8Array(memory, place(count), count)
  }

  /** How many files are hashed. */
  get done() {
    return this.#load(DONE)
  }

  /** Takes the next files off the list. @returns {{ start: number, end: number }} */
  take() {
    const { length } = this.paths
    // Near the end it is few, so that all threads end at the same time.
    const count = Math.min(TAKE, Math.max(1, (length - this.#load(NEXT)) >> 4))
    const start = Math.min(length, Atomics.add(this.counters, NEXT, count))
    return { start, end: Math.min(length, start + count) }
  }

  /** Sets a file aside: it takes long, and is hashed beside others of its kind. @param {number} index */
  setAside(index) {
    Atomics.store(this.large, Atomics.add(this.counters, LARGE, 1), index + 1)
  }

  /** Takes one of those that were set aside. @returns {number | undefined} */
  takeLarge() {
    for (let place = this.#load(NEXT_LARGE); place < this.#load(LARGE); place = this.#load(NEXT_LARGE)) {
      // Who set it aside may not have written down yet which it is.
      const index = Atomics.load(this.large, place) - 1
      if (index < 0) continue
      if (Atomics.compareExchange(this.counters, NEXT_LARGE, place, place + 1) === place) return index
    }
    return undefined
  }

  /** How many of them a thread should take at once, so that the others find some too. */
  get largeForOne() {
    return Math.ceil((this.#load(LARGE) - this.#load(NEXT_LARGE)) / this.threads)
  }

  /**
   * What is known of a file before it is hashed.
   * @param {number} index
   * @param {number} size
   * @param {boolean} executable
   */
  found(index, size, executable) {
    this.sizes[index] = size
    this.executable[index] = executable ? 1 : 0
  }

  /**
   * A file is hashed.
   * @param {number} index
   * @param {Uint8Array} digest
   */
  keep(index, digest) {
    this.digests.set(digest, index * this.width)
    Atomics.add(this.counters, DONE, 1)
  }

  /** Nothing can come of it any more: nobody is to take more. */
  stop() {
    Atomics.store(this.counters, NEXT, this.paths.length)
    Atomics.store(this.counters, NEXT_LARGE, this.paths.length)
  }

  /** What is answered when all are hashed. @returns {import('../pkg/docktag.js').Hashed} */
  hashed() {
    return { digests: this.digests, sizes: this.sizes, executable: this.executable }
  }

  /** @param {number} counter */
  #load(counter) {
    return Atomics.load(this.counters, counter)
  }
}

/** @param {Algorithm} algorithm */
function width(algorithm) {
  return algorithm === 'md5' ? 16 : 32
}
