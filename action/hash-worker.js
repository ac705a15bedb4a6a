// @ts-check
// A thread that hashes what it is given; the next batch begins while the last files of the one before are hashed.

import { parentPort, workerData } from 'node:worker_threads'
import { Hasher, Lanes, initSync } from '../pkg/docktag.js'
import { failure } from './failure.js'
import { hasher } from './hash-file.js'

/** @typedef {import('../pkg/docktag.js').Algorithm} Algorithm */

/**
 * Some files of a list, from the place where they stand in it.
 * @typedef {{ list: number, start: number, algorithm: Algorithm, text: boolean, paths: import('../pkg/docktag.js').Path[] }} Batch
 * @typedef {{ list: number, start: number, hashed: import('../pkg/docktag.js').Hashed[], failed?: import('../pkg/docktag.js').Failure }} Reply
 */

const { memory } = initSync({ module: workerData.module })
/** @type {Map<string, ReturnType<typeof hasher>>} */
const hashers = new Map()
/** What has come and is not begun. @type {Batch[]} */
const waiting = []
let isBusy = false

parentPort?.on('message', (/** @type {Batch} */ batch) => {
  waiting.push(batch)
  if (!isBusy) void work()
})

async function work() {
  isBusy = true
  for (let batch = waiting[0]; batch; batch = waiting[0]) await hashList(batch)
  isBusy = false
}

/**
 * Hashes all batches of a list that come before one of another list.
 * @param {Batch} first
 */
async function hashList({ list, algorithm, text }) {
  const how = `${algorithm} ${text}`
  const hashAll = hashers.get(how) ?? hasher({ Hasher, Lanes }, memory, { algorithm, text }, breath)
  hashers.set(how, hashAll)
  let taken = 0
  const next = () => {
    const batch = waiting[0]
    if (batch?.list !== list) return undefined
    const index = taken++
    if (taken === batch.paths.length) {
      waiting.shift()
      taken = 0
    }
    return { path: batch.paths[index], index, batch }
  }
  /** @type {Map<Batch, { hashed: import('../pkg/docktag.js').Hashed[], done: number }>} */
  const open = new Map()
  try {
    await hashAll(next, ({ index, batch }, one) => {
      const { hashed, done } = open.get(batch) ?? { hashed: [], done: 0 }
      hashed[index] = one
      open.set(batch, { hashed, done: done + 1 })
      if (done + 1 < batch.paths.length) return
      open.delete(batch)
      reply({ list, start: batch.start, hashed })
    })
  } catch (error) {
    waiting.splice(0, waiting.length, ...waiting.filter((batch) => batch.list !== list))
    reply({ list, start: 0, hashed: [], failed: failure(error) })
  }
}

/** @param {Reply} reply */
function reply(reply) {
  parentPort?.postMessage(reply)
}

/** Lets batches come in. */
function breath() {
  return /** @type {Promise<void>} */ (new Promise((resolve) => setImmediate(resolve)))
}
