// @ts-check
// Copies for a strict build: the same bytes, with modes and times that depend on nothing.

import { chmodSync, constants, copyFileSync, lutimesSync, mkdirSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { HostFailure, failure } from './failure.js'
import { native } from './files.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */

/**
 * Puts files, links and folders into a folder of the run.
 * @param {{ to: string, folders: Path[], files: Array<[Path, Path, boolean | null]>, links: Array<[Path, Path]>, time: number }} need
 */
export function stage({ to, folders, files, links, time }) {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const [from, name, executable] of files) {
    const file = within(to, name)
    try {
      parent(file)
      // The file system shares the blocks where it can.
      copyFileSync(native(from), file, constants.COPYFILE_FICLONE)
    } catch (error) {
      throw new HostFailure(failure(error).kind, failure(error).message, from)
    }
    // The copy has the mode of its source.
    chmodSync(file, executable ?? (statSync(file).mode & 0o100) !== 0 ? 0o755 : 0o644)
    utimesSync(file, time, time)
  }
  for (const [name, target] of links) {
    const link = within(to, name)
    parent(link)
    symlinkSync(native(target), link)
    lutimesSync(link, time, time)
  }
  for (const folder of folders) mkdirSync(within(to, folder), { recursive: true })
  for (const folder of [...folders].reverse()) {
    chmodSync(within(to, folder), 0o755)
    utimesSync(within(to, folder), time, time)
  }
}

/**
 * @param {string} folder
 * @param {Path} name
 * @returns {string | Buffer}
 */
function within(folder, name) {
  return typeof name === 'string' ? path.join(folder, name) : Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)])
}

/** @param {string | Buffer} file */
function parent(file) {
  const folder = typeof file === 'string' ? path.dirname(file) : file.subarray(0, file.lastIndexOf(0x2f))
  mkdirSync(folder, { recursive: true })
}
