// @ts-check
// Hashing the files of a list: with md5 many at once, all else one after the other, read straight into the memory of the wasm.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HostFailure, failure } from './failure.js'
import { native } from './files.js'
import { sideBySide } from './hash-lanes.js'
import { together } from './hash-small.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('../pkg/docktag.js').Algorithm} Algorithm */
/** @typedef {import('./hash-share.js').Share} Share */

/** Large enough that reading costs little; what is being hashed stays in the cache of a core. */
const BUFFER = 128 * 1024

/** Lets others work, where there are any. @typedef {() => Promise<void> | void} Pause */

/**
 * A function that takes files of a list until none is left; it ends at the first failure.
 * Now and then it waits for `pause`, so that it does not keep the event loop from its work.
 * @param {Pick<typeof import('../pkg/docktag.js'), 'Batch' | 'Hasher' | 'Lanes'>} core
 * @param {WebAssembly.Memory} memory
 * @returns {(share: Share, pause: Pause) => Promise<void>}
 */
export function hasher({ Batch, Hasher, Lanes }, memory) {
  const hashSmall = together(Batch, memory)
  const hashLarge = sideBySide(Lanes, memory)
  return async function hashAll(share, pause) {
    if (share.algorithm === 'md5' && !share.text) {
      await hashSmall(share, pause)
      // Another thread can set more aside meanwhile.
      while (share.largeForOne > 0) await hashLarge(share, pause)
      return
    }
    const hashFile = fileHasher(Hasher, memory, share, pause)
    for (let taken = share.take(); taken.start < taken.end; taken = share.take()) {
      for (let index = taken.start; index < taken.end; index++) {
        const { digest, size, executable } = await hashFile(share.paths[index])
        share.keep(index, Buffer.from(digest, 'hex'), size, executable)
      }
      await pause()
    }
  }
}

/**
 * A function that hashes a file from its start to its end, and makes sure that it stayed the same meanwhile.
 * @param {typeof import('../pkg/docktag.js').Hasher} Hasher
 * @param {WebAssembly.Memory} memory
 * @param {{ algorithm: Algorithm, text: boolean }} how
 * @param {Pause} pause
 */
function fileHasher(Hasher, memory, { algorithm, text }, pause) {
  const hasher = new Hasher(algorithm, BUFFER)
  const pointer = hasher.pointer()
  let buffer = new Uint8Array(memory.buffer, pointer, BUFFER)
  /** @param {Path} path */
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
        await pause()
      }
      const digest = hasher.finish()
      const after = fstatSync(file)
      if (size !== before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw new HostFailure('changed', '', path)
      return { digest, size, executable: (before.mode & 0o100) !== 0 && process.platform !== 'win32' }
    } catch (error) {
      hasher.finish()
      throw new HostFailure(failure(error).kind, failure(error).message, path)
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }
}
