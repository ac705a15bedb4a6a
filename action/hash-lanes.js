// @ts-check
// Hashing several large files side by side, read straight into the memory of the wasm.

import { Reading } from './hash-reading.js'

/** More than the wasm has are not used. */
const LANES = 8
/** Large enough that reading costs little; what is being hashed stays in the cache of a core. */
const ROOM = 64 * 1024
/** So many bytes are hashed between two pauses. */
const PAUSE = 1024 * 1024

/**
 * A function that hashes the files of a list that were set aside. It ends at the first failure.
 * Now and then it waits for `pause`, so that large files do not keep the event loop from its work.
 * @param {typeof import('../pkg/docktag.js').Lanes} Lanes
 * @param {WebAssembly.Memory} memory
 */
export function sideBySide(Lanes, memory) {
  /** Made when the first large file is met. @type {InstanceType<typeof Lanes> | undefined} */
  let all
  let bytes = new Uint8Array(memory.buffer)
  /**
   * @param {import('./hash-share.js').Share} share
   * @param {import('./hash-file.js').Pause} pause
   */
  return async function hashLarge(share, pause) {
    let count = share.largeForOne
    if (count <= 0) return
    const lanes = (all ??= new Lanes(LANES, ROOM))
    count = Math.min(count, lanes.count)
    /** @type {(Reading | undefined)[]} */
    const open = new Array(count)
    let since = 0
    try {
      for (;;) {
        for (let lane = 0; lane < count; lane++) {
          while (!lanes.isReady(lane)) {
            let file = open[lane]
            if (!file) {
              const index = share.takeLarge()
              if (index === undefined) break
              open[lane] = file = new Reading(index, share.paths[index])
            }
            if (file.hasEnded) {
              open[lane] = undefined
              share.found(file.index, file.size, file.executable)
              share.keep(file.index, /** @type {Uint8Array} */ (lanes.take(lane)))
              continue
            }
            const pointer = lanes.pointer(lane)
            // Memory that has grown is another buffer.
            if (bytes.length === 0) bytes = new Uint8Array(memory.buffer)
            const read = file.read(bytes, pointer, lanes.room(lane))
            lanes.fill(lane, read, file.hasEnded)
            since += read
          }
        }
        if (!lanes.run()) return
        if (since < PAUSE) continue
        await pause()
        since = 0
      }
    } finally {
      open.forEach((file) => file?.close())
      for (let lane = 0; lane < count; lane++) lanes.reset(lane)
    }
  }
}
