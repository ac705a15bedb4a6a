// @ts-check
// What `.git/index` knows of the files that git follows: which are executable, and which are links.
// source: git's Documentation/gitformat-index.txt

import { decode } from './names.js'

const HEADER = 12
/** Times, device, inode, mode, owner, group, size. */
const STAT = 40

/**
 * Paths with git's modes: 0o100644, 0o100755, 0o120000 (link), 0o160000 (submodule). Nothing where it is no index that we know.
 * @param {Uint8Array} bytes
 * @param {number} [digest] the length of an object's name: 20, with SHA-256 32
 * @returns {Array<[path: string, mode: number]>}
 */
export function gitIndex(bytes, digest = 20) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER || decode(bytes.subarray(0, 4)) !== 'DIRC') return []
  const version = view.getUint32(4)
  if (version < 2 || version > 4) return []
  /** @type {Array<[string, number]>} */
  const found = []
  /** The name before, which version 4 shortens the next one by. */
  let before = new Uint8Array(0)
  let at = HEADER
  for (let count = view.getUint32(8); count > 0; count--) {
    const start = at
    at += STAT + digest + 2
    if (at > bytes.length) return []
    const mode = view.getUint32(start + 24)
    if (view.getUint16(at - 2) & 0x4000) at += 2
    let shared = 0
    if (version === 4) {
      const [drop, length] = variable(bytes, at)
      at += length
      shared = Math.max(0, before.length - drop)
    }
    const end = bytes.indexOf(0, at)
    if (end < 0) return []
    const name = new Uint8Array(shared + end - at)
    name.set(before.subarray(0, shared))
    name.set(bytes.subarray(at, end), shared)
    found.push([decode(name), mode])
    before = name
    // Older versions pad entries to a multiple of eight bytes, with at least one zero.
    at = version === 4 ? end + 1 : start + ((end - start + 8) & ~7)
  }
  return found
}

/**
 * A number as git's pack files write offsets; and its length.
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function variable(bytes, at) {
  let value = bytes[at] & 0x7f
  let length = 1
  while (bytes[at + length - 1] & 0x80) {
    value = ((value + 1) << 7) | (bytes[at + length] & 0x7f)
    length++
  }
  return [value, length]
}
