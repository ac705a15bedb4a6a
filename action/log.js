// @ts-check
// What is shown, and the time that is told with it. Written at once, so that it stands before the output of programs that are started next.

import { writeSync } from 'node:fs'

/**
 * Writes all of it. A reader that is gone has seen enough.
 * @param {number} fd
 * @param {string | Uint8Array} text
 */
export function write(fd, text) {
  let bytes = typeof text === 'string' ? Buffer.from(text) : text
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes))
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw error
      // A full pipe that somebody made non-blocking: its reader needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

/** The time since some point, in milliseconds. What `performance` would load takes one. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6
}
