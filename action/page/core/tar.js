// @ts-check
// Tar archives, read in one pass: ustar, with the long names of GNU tar and of pax. Contents that are large become Blobs, which a browser keeps on disk.
// source: POSIX.1-2017 `pax`, sections "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format".

import { decode } from './names.js'
import { Bytes } from './streams.js'
import { Trouble } from './trouble.js'

/** @typedef {import('./tree.js').Node} Node */

const BLOCK = 512
/** So much of a file is in our memory at a time. */
const PIECE = 8 * 1024 * 1024
/** Smaller contents stay in our memory: a Blob costs more than they do. */
const SMALL = 64 * 1024
/** But not more than so much of them. */
const MEMORY = 128 * 1024 * 1024
/** No name or extended header is longer. */
const LONGEST = 1024 * 1024
const DAMAGED = 'make the archive anew, or drop the folder itself'

/**
 * Everything in an archive, in its order.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {string} name the archive's, for messages
 * @returns {AsyncGenerator<[path: string, node: Node]>}
 */
export async function* tar(stream, name) {
  const bytes = new Bytes(stream)
  /** Files that a hard link can name. @type {Map<string, import('./tree.js').File>} */
  const seen = new Map()
  /** What extended headers say of the next entry, and of all. @type {Record<string, string>} */
  let next = {}
  /** @type {Record<string, string>} */
  let all = {}
  let kept = 0
  try {
    for (;;) {
      const block = await bytes.take(BLOCK)
      // Two empty blocks end an archive; some end without.
      if (block.length < BLOCK || block.every((byte) => byte === 0)) {
        if (block.length > 0 && block.length < BLOCK) throw new Trouble('is cut off', DAMAGED, name)
        return
      }
      const header = read(block, name)
      const size = 'size' in next ? Number(next.size) : header.size
      if (!Number.isSafeInteger(size) || size < 0) throw new Trouble('has a file of no size', DAMAGED, name)
      if ('xgLK'.includes(header.type)) {
        if (size > LONGEST) throw new Trouble('has a name of more than 1 MB', DAMAGED, name)
        const content = await bytes.take(size)
        await bytes.take(padding(size))
        if (header.type === 'x') next = { ...next, ...records(content) }
        else if (header.type === 'g') all = { ...all, ...records(content) }
        else next[header.type === 'L' ? 'path' : 'linkpath'] = untilZero(content)
        continue
      }
      const path = clean(next.path ?? all.path ?? header.path)
      const link = next.linkpath ?? all.linkpath ?? header.link
      next = {}
      if (header.type === '5') {
        yield [path, { kind: 'folder', children: new Map() }]
      } else if (header.type === '2') {
        yield [path, { kind: 'link', target: link }]
      } else if ('017'.includes(header.type)) {
        const twin = header.type === '1' && size === 0 ? seen.get(clean(link)) : undefined
        const exec = (header.mode & 0o100) !== 0
        /** @type {import('./tree.js').File} */
        const node = twin ? { ...twin, exec } : { kind: 'file', size, exec, blob: await content(bytes, size, kept < MEMORY, name, path) }
        if (node.blob instanceof Uint8Array) kept += size
        if (!twin) await bytes.take(padding(size))
        seen.set(path, node)
        yield [path, node]
        continue
      }
      await skip(bytes, size + padding(size))
    }
  } finally {
    await bytes.end()
  }
}

/**
 * @param {Uint8Array} block
 * @param {string} name
 */
function read(block, name) {
  const sum = number(block.subarray(148, 156))
  let found = 8 * 32
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) found += block[at]
  if (sum !== found) throw new Trouble('is no tar archive, or a damaged one', DAMAGED, name)
  const isUstar = decode(block.subarray(257, 263)) === 'ustar\0'
  const prefix = isUstar ? untilZero(block.subarray(345, 500)) : ''
  const path = untilZero(block.subarray(0, 100))
  const flag = block[156] === 0 ? '0' : String.fromCharCode(block[156])
  return {
    path: prefix ? `${prefix}/${path}` : path,
    // Before POSIX, a folder was a file whose name ends so.
    type: flag === '0' && path.endsWith('/') ? '5' : flag,
    mode: number(block.subarray(100, 108)),
    size: number(block.subarray(124, 136)),
    link: untilZero(block.subarray(157, 257)),
  }
}

/**
 * Octal digits; GNU tar writes large ones in binary.
 * @param {Uint8Array} field
 */
function number(field) {
  if (field[0] & 0x80) return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
  return parseInt(untilZero(field).trim() || '0', 8)
}

/** @param {Uint8Array} field */
function untilZero(field) {
  const end = field.indexOf(0)
  return decode(end < 0 ? field : field.subarray(0, end))
}

/**
 * `LENGTH KEY=VALUE\n`, again and again.
 * @param {Uint8Array} content
 */
function records(content) {
  /** @type {Record<string, string>} */
  const found = {}
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = space < 0 ? NaN : parseInt(decode(content.subarray(at, space)), 10)
    if (!(length > space - at)) break
    const record = content.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    if (equals > 0) found[decode(record.subarray(0, equals))] = decode(record.subarray(equals + 1))
    at += length
  }
  return found
}

/** @param {string} path */
function clean(path) {
  return path.replace(/^(\.?\/)+/, '')
}

/** @param {number} size */
function padding(size) {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/**
 * @param {Bytes} bytes
 * @param {number} size
 * @param {boolean} hasRoom
 * @param {string} name
 * @param {string} path
 */
async function content(bytes, size, hasRoom, name, path) {
  if (size <= SMALL && hasRoom) {
    const content = await bytes.take(size)
    if (content.length < size) throw new Trouble(`is cut off in \`${path}\``, DAMAGED, name)
    return content.slice()
  }
  const parts = []
  for (let left = size; left > 0; ) {
    const piece = await bytes.take(Math.min(left, PIECE))
    if (piece.length === 0) throw new Trouble(`is cut off in \`${path}\``, DAMAGED, name)
    parts.push(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (piece)]))
    left -= piece.length
  }
  return parts.length === 1 ? parts[0] : new Blob(parts)
}

/**
 * @param {Bytes} bytes
 * @param {number} size
 */
async function skip(bytes, size) {
  for (let left = size; left > 0; ) {
    const piece = await bytes.some(left)
    if (piece.length === 0) return
    left -= piece.length
  }
}
