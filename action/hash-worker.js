// @ts-check
// A thread that hashes what it is given, in the order in which it comes.

import { parentPort, workerData } from 'node:worker_threads'
import { Hasher, initSync } from '../pkg/docktag.js'
import { failure } from './failure.js'
import { fileHasher } from './hash-file.js'

/** @typedef {import('../pkg/docktag.js').Algorithm} Algorithm */

/**
 * Some files of a list, from the place where they stand in it.
 * @typedef {{ list: number, start: number, algorithm: Algorithm, text: boolean, paths: import('../pkg/docktag.js').Path[] }} Batch
 * @typedef {{ list: number, start: number, hashed: import('../pkg/docktag.js').Hashed[], failed?: import('../pkg/docktag.js').Failure }} Reply
 */

const { memory } = initSync({ module: workerData.module })
/** @type {Map<string, ReturnType<typeof fileHasher>>} */
const hashers = new Map()
/** Batches that come while one is hashed wait for it. */
let last = Promise.resolve()

parentPort?.on('message', (/** @type {Batch} */ batch) => {
  last = last.then(async () => parentPort?.postMessage(await hash(batch)))
})

/**
 * @param {Batch} batch
 * @returns {Promise<Reply>}
 */
async function hash({ list, start, algorithm, text, paths }) {
  const how = `${algorithm} ${text}`
  const hashFile = hashers.get(how) ?? fileHasher(Hasher, memory, { algorithm, text }, () => {})
  hashers.set(how, hashFile)
  /** @type {Reply} */
  const reply = { list, start, hashed: [] }
  try {
    for (const path of paths) reply.hashed.push(await hashFile(path))
    return reply
  } catch (error) {
    return { ...reply, failed: failure(error) }
  }
}
