// @ts-check
// Hashing what `git cat-file --batch` prints, as it comes.

import { Hasher, memory } from './core.js'
import * as programs from './programs.js'

/** @typedef {import('../pkg/docktag.js').Hashed} Hashed */

const BUFFER = 64 * 1024
const LINE_FEED = 10

/**
 * Runs a program that prints objects: each a line that ends with its size, so many bytes, and a line feed.
 * @param {import('../pkg/docktag.js').Command} command
 * @param {import('../pkg/docktag.js').Algorithm} algorithm
 * @param {number} log the file descriptor of the log
 * @returns {Promise<{ code: number | null, hashed: Hashed }>}
 */
export async function hashObjects(command, algorithm, log) {
  const hasher = new Hasher(algorithm, BUFFER)
  let digests = ''
  /** @type {number[]} */
  const sizes = []
  let line = ''
  let size = 0
  /** What is left of the object, and the line feed behind it; less than 0: its line is being read. */
  let left = -1
  const { code, stderr } = await programs.run(command, log, (data) => {
    for (let at = 0; at < data.length; ) {
      if (left < 0) {
        const end = data.indexOf(LINE_FEED, at)
        line += data.toString('latin1', at, end < 0 ? data.length : end)
        at = end < 0 ? data.length : end + 1
        if (end < 0) continue
        size = Number(/ (\d+)$/.exec(line)?.[1] ?? NaN)
        if (!Number.isSafeInteger(size)) throw new Error(`printed no object: ${JSON.stringify(line)}`)
        line = ''
        left = size + 1
      }
      const count = Math.min(data.length - at, left - 1, BUFFER)
      if (count > 0) {
        new Uint8Array(memory.buffer, hasher.pointer(), BUFFER).set(data.subarray(at, at + count))
        hasher.absorb(count)
        at += count
        left -= count
      }
      if (left === 1 && at < data.length) {
        digests += hasher.finish()
        sizes.push(size)
        at += 1
        left = -1
      }
    }
  })
  hasher.free()
  if (code !== 0 || left >= 0) throw new Error(`${code === null ? 'ended by a signal' : `exit code ${code}`}: ${Buffer.from(stderr, 'base64').toString().trim()}`)
  return { code, hashed: { digests: Buffer.from(digests, 'hex'), sizes: Float64Array.from(sizes), executable: new Uint8Array(sizes.length) } }
}
