// @ts-check
// A thread that hashes what it is given, in the order in which it comes.

import { parentPort, workerData } from 'node:worker_threads'
import { Hasher, initSync } from '../pkg/docktag.js'
import { failure } from './failure.js'
import { fileHasher } from './hash-file.js'

const { memory } = initSync({ module: workerData.module })
const hashFile = fileHasher(Hasher, memory, workerData.algorithm, () => {})

/** @typedef {import('../pkg/docktag.js').Path} Path */

parentPort?.on('message', async (/** @type {{ start: number, paths: Path[] }} */ { start, paths }) => {
  try {
    const hashed = []
    for (const path of paths) hashed.push(await hashFile(path))
    parentPort?.postMessage({ start, hashed })
  } catch (error) {
    parentPort?.postMessage({ start, failed: failure(error) })
  }
})
