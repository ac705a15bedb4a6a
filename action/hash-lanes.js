// @ts-check
// Hashing several files side by side, read straight into the memory of the wasm.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HostFailure, failure } from './failure.js'
import { native } from './files.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('../pkg/docktag.js').Hashed} Hashed */
/** @typedef {{ path: Path }} Item a file of a list */
/** @typedef {(bytes: number) => Promise<void> | void} Pause */

/** More than the wasm has are not used. */
const LANES = 8
/** Large enough that reading costs little; what is being hashed stays in the cache of a core. */
const ROOM = 64 * 1024
/** So many bytes are hashed between two pauses. */
const PAUSE = 1024 * 1024
/** Opening a file takes as long as hashing so many. */
const OPEN = 16 * 1024

/**
 * A function that hashes all files that `next` gives it, and hands each to `keep` as soon as it is done. It ends at the first failure.
 * Now and then it waits for `pause`, so that large files do not keep the event loop from its work.
 * @param {typeof import('../pkg/docktag.js').Lanes} Lanes
 * @param {WebAssembly.Memory} memory
 * @param {Pause} pause
 */
export function sideBySide(Lanes, memory, pause) {
  const lanes = new Lanes(LANES, ROOM)
  const { count } = lanes
  let bytes = new Uint8Array(memory.buffer)
  /**
   * @template {Item} T
   * @param {() => T | undefined} next
   * @param {(item: T, hashed: Hashed) => void} keep
   */
  return async function hashAll(next, keep) {
    /** @type {(Reading<T> | undefined)[]} */
    const open = new Array(count)
    let since = 0
    try {
      for (;;) {
        for (let lane = 0; lane < count; lane++) {
          while (!lanes.isReady(lane)) {
            let file = open[lane]
            if (!file) {
              const item = next()
              if (!item) break
              open[lane] = file = new Reading(item)
              since += OPEN
            }
            if (file.hasEnded) {
              open[lane] = undefined
              keep(file.item, [/** @type {string} */ (lanes.take(lane)), file.size, file.executable])
              continue
            }
            const pointer = lanes.pointer(lane)
            // Memory that has grown is another buffer.
            if (bytes.length === 0) bytes = new Uint8Array(memory.buffer)
            const count = file.read(bytes, pointer, lanes.room(lane))
            lanes.fill(lane, count, file.hasEnded)
            since += count
          }
        }
        if (!lanes.run()) return
        if (since < PAUSE) continue
        await pause(since)
        since = 0
      }
    } finally {
      open.forEach((file) => file?.close())
      for (let lane = 0; lane < count; lane++) lanes.reset(lane)
    }
  }
}

/** A file that is being read from its start to its end. @template {Item} T */
class Reading {
  size = 0
  hasEnded = false

  /** @param {T} item */
  constructor(item) {
    this.item = item
    this.file = this.#told(() => openSync(native(item.path), 'r'))
    this.before = this.#told(() => fstatSync(this.file))
    this.executable = (this.before.mode & 0o100) !== 0 && process.platform !== 'win32'
  }

  /**
   * The next bytes; at the end it makes sure that the file stayed the same meanwhile.
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} room
   */
  read(bytes, at, room) {
    return this.#told(() => {
      const count = readSync(this.file, bytes, at, room, null)
      this.size += count
      // A small file is read whole at once; whether it has grown is seen here, without reading its end.
      if (count === 0 || (this.size === this.before.size && count < room)) {
        const after = fstatSync(this.file)
        if (this.size !== this.before.size || after.size !== this.before.size || after.mtimeMs !== this.before.mtimeMs) throw new HostFailure('changed', '')
        this.close()
      }
      return count
    })
  }

  close() {
    if (!this.hasEnded) closeSync(this.file)
    this.hasEnded = true
  }

  /**
   * @template R
   * @param {() => R} work
   */
  #told(work) {
    try {
      return work()
    } catch (error) {
      throw new HostFailure(failure(error).kind, failure(error).message, this.item.path)
    }
  }
}
