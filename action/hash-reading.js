// @ts-check
// Reading a file that is hashed, and making sure that it stays the same meanwhile.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HostFailure, ofFile } from './failure.js'
import { READ, native } from './files.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */

/** A file that is being read from its start to its end. */
export class Reading {
  size = 0
  hasEnded = false

  /**
   * @param {number} index
   * @param {Path} path
   */
  constructor(index, path) {
    this.index = index
    this.path = path
    this.file = this.#told(() => openSync(native(path), READ))
    this.before = this.#told(() => regular(fstatSync(this.file)))
    this.executable = isExecutable(this.before)
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
      // One that grows while it is read might never end.
      if (this.size > this.before.size) throw new HostFailure('changed', '')
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
      throw ofFile(error, this.path)
    }
  }
}

/**
 * A regular file: pipes and devices have no end.
 * @param {import('node:fs').Stats} file
 */
export function regular(file) {
  if (!file.isFile()) throw new HostFailure('other', 'is no regular file')
  return file
}

/**
 * Whether its owner may execute a file, which is what git records of a mode; Windows has nothing of the kind.
 * @param {import('node:fs').Stats} file
 */
export function isExecutable({ mode }) {
  return (mode & 0o100) !== 0 && process.platform !== 'win32'
}
