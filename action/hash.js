// @ts-check
// Hashing many files: here, and in threads where there is enough to do. The event loop goes on meanwhile, and with it the log.

import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { paths } from '../pkg/files.js'
import { Batch, Hasher, Lanes, memory, module } from './core.js'
import { HostFailure } from './failure.js'
import { hasher } from './hash-file.js'
import { Share, job } from './hash-share.js'
import { now } from './log.js'

/** @typedef {import('../pkg/docktag.js').Hashed} Hashed */
/** @typedef {import('../pkg/docktag.js').Need} Need */

/** A thread takes as long to start as a few thousand small files to be hashed: it is asked for at once where there are so many, */
const MANY = 20_000
/** else when so many milliseconds have shown how fast it goes, */
const PATIENCE = 30
/** and so many more are to be expected. */
const WORTH = 200
/** For so many milliseconds nobody else gets to work. */
const BREATH = 5
/** CI services end jobs that are silent for long, and nobody reads a line a second. */
const SILENCE = 10_000

/** How many threads work at most, this one included. */
const cores = Math.min(availableParallelism(), 8)
/** What most runs do without is loaded when it is needed. */
const require = createRequire(import.meta.url)
/** The others, kept for the next list; those that wait keep nobody from ending. @type {import('node:worker_threads').Worker[]} */
const threads = []
/** What takes files off a list here. @type {ReturnType<typeof hasher> | undefined} */
let hashAll
/** Lists come one after the other: all threads work on each. @type {Promise<unknown>} */
let last = Promise.resolve()
/** The number of the list that is hashed now, and what is told of it. */
let current = 0
let told = (/** @type {HostFailure | undefined} */ _failed) => {}

/**
 * Hashes files; the answer has their order. The first failure that is met is the one that is told.
 * @param {Omit<Need & { need: 'hash' }, 'need'>} need
 * @param {(text: string) => void} say
 * @returns {Promise<Hashed>}
 */
export function hash(need, say) {
  const hashed = last.then(() => hashList(need, say))
  last = hashed.catch(() => {})
  return hashed
}

/**
 * So many files have been seen that will hardly stay unhashed: threads may start already, which takes them as long as hashing a few hundred.
 * @param {number} count
 */
export function expect(count) {
  if (count >= MANY) startAll()
}

/** Ends the threads, where there are any. */
export async function close() {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()))
}

/**
 * @param {Omit<Need & { need: 'hash' }, 'need'>} need
 * @param {(text: string) => void} say
 */
async function hashList(need, say) {
  const all = paths(need.paths)
  const list = job(need, all.length, cores)
  const share = new Share(list, all)
  const begin = now()
  const timer = setInterval(() => say(`hashing: ${share.done} of ${list.count} files`), SILENCE)
  /** @type {HostFailure | undefined} */
  let failed
  let settle = () => {}
  let isHelped = false
  current++
  told = (failure) => {
    failed ??= failure
    settle()
  }
  const isLong = () => {
    const spent = now() - begin
    return list.count >= MANY || (spent > PATIENCE && (spent / (share.done + 1)) * (list.count - share.done) > WORTH)
  }
  const goOn = () => {
    if (!isHelped && isLong()) {
      isHelped = true
      startAll()
      threads.forEach((thread) => thread.postMessage({ number: current, job: list }))
    }
    if (failed) throw failed
  }
  let breathed = begin
  const breath = async () => {
    if (now() - breathed > BREATH) {
      await new Promise((resolve) => setImmediate(resolve))
      breathed = now()
    }
    goOn()
  }
  try {
    goOn()
    hashAll ??= hasher({ Batch, Hasher, Lanes }, memory)
    await hashAll(share, breath)
    while (share.done < list.count && !failed) await new Promise((resolve) => (settle = () => resolve(undefined)))
    if (failed) throw failed
    return share.hashed()
  } finally {
    share.stop()
    clearInterval(timer)
  }
}

/** Starts as many threads as there are cores besides ours. */
function startAll() {
  if (threads.length === 0) keepHeapSmall()
  while (threads.length < cores - 1) threads.push(start())
}

/**
 * Thousands of files leave much behind that is short-lived. V8 would let the space for it grow to three times 16 MB; emptying it more often costs no time that can be measured.
 */
function keepHeapSmall() {
  /** @type {typeof import('node:v8')} */
  const v8 = require('node:v8')
  v8.setFlagsFromString('--semi-space-growth-factor=1')
}

function start() {
  /** @type {typeof import('node:worker_threads')} */
  const { Worker } = require('node:worker_threads')
  const thread = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData: { module }, resourceLimits: { maxYoungGenerationSizeMb: 2 } })
  thread.unref()
  thread.on('message', (/** @type {import('./hash-worker.js').Reply} */ { number, failed }) => {
    if (number === current) told(failed && new HostFailure(failed.kind, failed.message, failed.path))
  })
  thread.on('error', ({ message }) => told(new HostFailure('other', `a hashing thread failed: ${message}`)))
  return thread
}
