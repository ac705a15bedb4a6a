// @ts-check
// A thread that helps with lists of files, one after the other.

import { parentPort, workerData } from 'node:worker_threads'
import { Batch, Hasher, Lanes, initSync } from '../pkg/docktag.js'
import { failure } from './failure.js'
import { hasher } from './hash-file.js'
import { Share } from './hash-share.js'

/**
 * What is sent here, and what is sent back when there is nothing more to take.
 * @typedef {{ number: number, job: import('./hash-share.js').Job }} Call
 * @typedef {{ number: number, failed?: import('../pkg/docktag.js').Failure }} Reply
 */

const { memory } = initSync({ module: workerData.module })
const hashAll = hasher({ Batch, Hasher, Lanes }, memory)
let last = Promise.resolve()

parentPort?.on('message', (/** @type {Call} */ call) => {
  last = last.then(() => help(call))
})

/** @param {Call} call */
async function help({ number, job }) {
  /** @type {Reply} */
  let reply = { number }
  try {
    await hashAll(new Share(job), () => {})
  } catch (error) {
    reply = { number, failed: failure(error) }
  }
  parentPort?.postMessage(reply)
}
