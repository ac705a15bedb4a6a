// @ts-check
// Hashing many small files: read one behind the other into the memory of the wasm, and hashed together.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HostFailure, ofFile } from './failure.js'
import { READ, native } from './files.js'
import { isExecutable, regular } from './hash-reading.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('node:fs').Stats} Stats */

/** A file of so many bytes is large. */
const LARGE = 64 * 1024
/** So many bytes are hashed at a time; what is being hashed stays in the cache of a core. */
const ROOM = 512 * 1024
/** So many files at most. */
const FILES = 128
/** Where the bytes of a file begin: the kernel copies them nearly twice as fast to such a place. */
const ALIGN = 64
/** A change that is this many milliseconds old cannot have come while we were reading: no file system's clock is as coarse or as wrong. */
const OLD = 2000

/**
 * A function that hashes the small files of a list and sets the large ones aside. After each batch it waits for `pause`.
 * @param {typeof import('../pkg/docktag.js').Batch} Batch
 * @param {WebAssembly.Memory} memory
 */
export function together(Batch, memory) {
  const batch = new Batch(ROOM, ALIGN)
  const pointer = batch.pointer()
  let bytes = new Uint8Array(memory.buffer)
  /** The places of files in their list, and where each ends in the batch. */
  const [indexes, ends] = [new Uint32Array(FILES), new Uint32Array(FILES)]
  // Files that were changed just now are looked at twice, as are all that come after them.
  let isYoung = false

  /**
   * @param {import('./hash-share.js').Share} share
   * @param {import('./hash-file.js').Pause} pause
   */
  return async function hashSmall(share, pause) {
    const old = Date.now() - OLD
    let count = 0
    let start = 0
    const flush = () => {
      const digests = batch.digests(ends.subarray(0, count))
      for (let file = 0; file < count; file++) share.keep(indexes[file], digests.subarray(16 * file, 16 * file + 16))
      count = 0
      start = 0
    }
    for (let taken = share.take(); taken.start < taken.end; taken = share.take()) {
      for (let index = taken.start; index < taken.end; index++) {
        // Memory that has grown is another buffer.
        if (bytes.length === 0) bytes = new Uint8Array(memory.buffer)
        const read = readSmall(share.paths[index], bytes, pointer + start, old)
        if (!read) {
          share.setAside(index)
          continue
        }
        const end = start + read.size
        indexes[count] = index
        ends[count++] = end
        share.found(index, read.size, isExecutable(read))
        start = Math.ceil(end / ALIGN) * ALIGN
        if (count < FILES && start + LARGE <= ROOM) continue
        flush()
        await pause()
      }
    }
    flush()
  }

  /**
   * Reads a file whole, and makes sure that it stayed the same meanwhile; `undefined` where that takes more than one look.
   * @param {Path} path
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} old a change before that cannot have come while we were reading
   * @returns {Stats | undefined}
   */
  function readSmall(path, bytes, at, old) {
    let file
    try {
      file = openSync(native(path), READ)
      const before = isYoung ? fstatSync(file) : undefined
      const count = readSync(file, bytes, at, LARGE, null)
      const after = regular(fstatSync(file))
      if (count === LARGE || count !== after.size) return undefined
      if (before) {
        if (before.size !== after.size || before.mtimeMs !== after.mtimeMs) throw new HostFailure('changed', '')
        return after
      }
      if (after.ctimeMs < old) return after
      isYoung = true
      return undefined
    } catch (error) {
      throw ofFile(error, path)
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }
}
