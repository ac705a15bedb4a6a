// @ts-check
// Hashing files: md5 side by side, all else one after the other, read straight into the memory of the wasm.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HostFailure, failure } from './failure.js'
import { native } from './files.js'
import { sideBySide } from './hash-lanes.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('../pkg/docktag.js').Hashed} Hashed */

/** Large enough that reading costs little; what is being hashed stays in the cache of a core. */
const BUFFER = 128 * 1024

/**
 * A function that hashes all files that it is given; see `sideBySide`.
 * @param {Pick<typeof import('../pkg/docktag.js'), 'Hasher' | 'Lanes'>} core
 * @param {WebAssembly.Memory} memory
 * @param {{ algorithm: import('../pkg/docktag.js').Algorithm, text: boolean }} how
 * @param {import('./hash-lanes.js').Pause} pause
 * @returns {ReturnType<typeof sideBySide>}
 */
export function hasher({ Hasher, Lanes }, memory, how, pause) {
  if (how.algorithm === 'md5' && !how.text) return sideBySide(Lanes, memory, pause)
  const hashFile = fileHasher(Hasher, memory, how, pause)
  return async function hashAll(next, keep) {
    for (let item = next(), number = 1; item; item = next(), number++) {
      keep(item, await hashFile(item.path))
      if (number % 16 === 0) await pause(0)
    }
  }
}

/**
 * A function that hashes a file from its start to its end, and makes sure that it stayed the same meanwhile.
 * After each full buffer it waits for `pause`, so that a large file does not keep the event loop from its work.
 * @param {typeof import('../pkg/docktag.js').Hasher} Hasher
 * @param {WebAssembly.Memory} memory
 * @param {{ algorithm: import('../pkg/docktag.js').Algorithm, text: boolean }} how
 * @param {import('./hash-lanes.js').Pause} pause
 */
function fileHasher(Hasher, memory, { algorithm, text }, pause) {
  const hasher = new Hasher(algorithm, BUFFER)
  const pointer = hasher.pointer()
  let buffer = new Uint8Array(memory.buffer, pointer, BUFFER)
  /**
   * @param {Path} path
   * @returns {Promise<Hashed>}
   */
  return async function hashFile(path) {
    let file
    try {
      file = openSync(native(path), 'r')
      const before = fstatSync(file)
      let size = 0
      for (;;) {
        // Memory that has grown is another buffer.
        if (buffer.length === 0) buffer = new Uint8Array(memory.buffer, pointer, BUFFER)
        const count = readSync(file, buffer, 0, BUFFER, null)
        if (count === 0) break
        if (text) hasher.absorbText(count)
        else hasher.absorb(count)
        size += count
        // A small file is read whole at once; whether it has grown is seen below, without reading its end.
        if (size === before.size && count < BUFFER) break
        await pause(count)
      }
      const digest = hasher.finish()
      const after = fstatSync(file)
      if (size !== before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw new HostFailure('changed', '', path)
      return [digest, size, (before.mode & 0o100) !== 0 && process.platform !== 'win32']
    } catch (error) {
      hasher.finish()
      throw new HostFailure(failure(error).kind, failure(error).message, path)
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }
}
