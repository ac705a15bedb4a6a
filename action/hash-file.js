// @ts-check
// Hashing the files of a list: with md5 many at once, all else one after the other, read straight into the memory of the wasm.

import { sideBySide } from './hash-lanes.js'
import { Reading } from './hash-reading.js'
import { together } from './hash-small.js'

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
        await hashFile(index)
      }
      await pause()
    }
  }
}

/**
 * A function that hashes a file of a list from its start to its end.
 * @param {typeof import('../pkg/docktag.js').Hasher} Hasher
 * @param {WebAssembly.Memory} memory
 * @param {Share} share
 * @param {Pause} pause
 */
function fileHasher(Hasher, memory, share, pause) {
  const hasher = new Hasher(share.algorithm, BUFFER)
  const pointer = hasher.pointer()
  let bytes = new Uint8Array(memory.buffer)
  /** @param {number} index */
  return async function hashFile(index) {
    const file = new Reading(index, share.paths[index])
    try {
      while (!file.hasEnded) {
        // Memory that has grown is another buffer.
        if (bytes.length === 0) bytes = new Uint8Array(memory.buffer)
        const count = file.read(bytes, pointer, BUFFER)
        if (share.text) hasher.absorbText(count)
        else hasher.absorb(count)
        if (!file.hasEnded) await pause()
      }
      share.found(index, file.size, file.executable)
      share.keep(index, Buffer.from(hasher.finish(), 'hex'))
    } finally {
      file.close()
    }
  }
}
