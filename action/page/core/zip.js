// @ts-check
// Zip archives: the list of contents at the end is read first, and each file is unpacked when it is asked for.
// source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5; Info-ZIP's `zip.h` for the modes of Unix.

import { crc32 } from './crc.js'
import { decode } from './names.js'
import { inflate, inflateWhole, readAll } from './streams.js'
import { Trouble } from './trouble.js'

/** @typedef {import('./tree.js').Node} Node */

const END = 0x06054b50
const END_64 = 0x06064b50
const ENTRY = 0x02014b50
const UNIX = 3
const MACOS = 19
/** What is packed in fewer bytes is unpacked in one piece, where that is asked for. */
const SMALL = 512 * 1024
/** A browser takes a millisecond for each read, so this much is read at a time, */
const BLOCK = 4 * 1024 * 1024
/** and so many of these are kept. */
const KEPT = 4
const DAMAGED = 'make the archive anew, or drop the folder itself'

/**
 * Everything in an archive.
 * @param {File} file
 * @returns {AsyncGenerator<[path: string, node: Node]>}
 */
export async function* zip(file) {
  const { offset, size, count, isOfGit } = await directory(file)
  const view = await bytes(file, offset, size)
  /** @type {Entry[]} */
  const entries = []
  for (let at = 0; entries.length < count; at = entries[entries.length - 1].end) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== ENTRY) throw new Trouble('has a damaged list of contents', DAMAGED, file.name)
    entries.push(readEntry(view, at))
  }
  // `git archive` gives modes only to what is executable, and so do others; an archive without any is from a system that knows none.
  const blocks = blocksOf(file)
  const knowsModes = isOfGit || entries.some(({ isUnix }) => isUnix)
  for (const entry of entries) {
    // Zip names are never absolute, and what some programs write as `\` is `/`.
    const path = (entry.path.includes('/') ? entry.path : entry.path.replaceAll('\\', '/')).replace(/^(\.?\/)+/, '')
    const type = entry.mode & 0o170000
    if (path.endsWith('/') || type === 0o040000) {
      yield [path, { kind: 'folder', children: new Map() }]
    } else if (type === 0o120000) {
      const target = await readAll(open(file, entry)).catch((error) => {
        throw new Trouble(`\`${path}\` cannot be unpacked: ${error.message}`, DAMAGED, file.name)
      })
      yield [path, { kind: 'link', target: decode(target) }]
    } else {
      const exec = knowsModes ? (entry.mode & 0o100) !== 0 : undefined
      yield [path, { kind: 'file', size: entry.size, exec, damage: damage(entry), open: () => open(file, entry), ...(entry.packed <= SMALL && { whole: () => whole(blocks, entry) }) }]
    }
  }
}

/** @typedef {ReturnType<typeof readEntry>} Entry */

/**
 * Where the list of contents is.
 * @param {Blob & { name: string }} file
 */
async function directory(file) {
  // A comment of at most 64 kB can follow.
  const tail = await bytes(file, Math.max(0, file.size - 22 - 65535), 22 + 65535)
  let at = tail.byteLength - 22
  while (at >= 0 && tail.getUint32(at, true) !== END) at--
  if (at < 0) throw new Trouble('is no zip archive, or a damaged one', DAMAGED, file.name)
  const found = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), offset: tail.getUint32(at + 16, true), isOfGit: isCommit(tail, at + 22) }
  if (found.count !== 0xffff && found.size !== 0xffffffff && found.offset !== 0xffffffff) return found
  const large = at >= 20 ? await bytes(file, Number(tail.getBigUint64(at - 12, true)), 56) : null
  if (!large || large.byteLength < 56 || large.getUint32(0, true) !== END_64) return found
  const number = (/** @type {number} */ at) => Number(large.getBigUint64(at, true))
  return { ...found, count: number(32), size: number(40), offset: number(48) }
}

/**
 * Whether the archive's comment is the name of a commit, as `git archive` writes it.
 * @param {DataView} tail
 * @param {number} at
 */
function isCommit(tail, at) {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(decode(new Uint8Array(tail.buffer, tail.byteOffset + at)))
}

/**
 * @param {DataView} view
 * @param {number} at
 */
function readEntry(view, at) {
  const [system, flags, method] = [view.getUint8(at + 5), view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
  const sum = view.getUint32(at + 16, true)
  let [packed, size, offset] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true), view.getUint32(at + 42, true)]
  const [nameLength, extraLength, commentLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true)]
  const name = new Uint8Array(view.buffer, view.byteOffset + at + 46, Math.min(nameLength, view.byteLength - at - 46))
  const extraEnd = Math.min(at + 46 + nameLength + extraLength, view.byteLength)
  for (let extra = at + 46 + nameLength; extra + 4 <= extraEnd; extra += 4 + view.getUint16(extra + 2, true)) {
    if (view.getUint16(extra, true) !== 1) continue
    // Numbers that have no place in 32 bits, in this order, and only those.
    let field = extra + 4
    const large = () => ((field += 8) <= extraEnd ? Number(view.getBigUint64(field - 8, true)) : NaN)
    if (size === 0xffffffff) size = large()
    if (packed === 0xffffffff) packed = large()
    if (offset === 0xffffffff) offset = large()
  }
  const isUnix = system === UNIX || system === MACOS
  const mode = isUnix ? view.getUint32(at + 38, true) >>> 16 : 0
  // A program that knows no modes leaves them at 0.
  return { path: decode(name), isUnix: isUnix && mode !== 0, mode, flags, method, sum, packed, size, offset, end: extraEnd + commentLength }
}

/**
 * Why a file cannot be unpacked.
 * @param {Entry} entry
 */
function damage({ flags, method }) {
  if (flags & 1) return 'it is encrypted in the archive'
  return method === 0 || method === 8 ? undefined : `it is packed by a method (${method}) that browsers do not have`
}

/**
 * The content of a file, checked against its size and check sum.
 * @param {File} file
 * @param {Entry} entry
 * @returns {ReadableStream<Uint8Array>}
 */
function open(file, { offset, packed, size, sum, method }) {
  let [total, found] = [0, 0]
  const check = new TransformStream({
    transform(piece, controller) {
      total += piece.length
      found = crc32(piece, found)
      // What says that it is small must not fill the memory.
      if (total > size) throw new Error('it is larger than the archive says')
      controller.enqueue(piece)
    },
    flush() {
      if (total !== size || found !== sum) throw new Error('it is damaged in the archive')
    },
  })
  const { readable, writable } = new TransformStream()
  void (async () => {
    // The entry's own header can have other extras than the list.
    const header = await bytes(file, offset, 30)
    const start = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true)
    const stream = file.slice(start, start + packed).stream()
    await (method === 8 ? inflate(stream, 'deflate-raw') : stream).pipeTo(writable)
  })().catch((error) => writable.abort(error).catch(() => {}))
  return readable.pipeThrough(check)
}

/**
 * The content of a small file, checked in the same way.
 * @param {ReturnType<typeof blocksOf>} read
 * @param {Entry} entry
 */
async function whole(read, { offset, packed, size, sum, method }) {
  const header = new DataView((await read(offset, 30)).slice().buffer)
  const bytes = await read(offset + 30 + header.getUint16(26, true) + header.getUint16(28, true), packed)
  const content = method === 8 ? await inflateWhole(bytes, size) : bytes
  if (content.length !== size || crc32(content, 0) !== sum) throw new Error('it is damaged in the archive')
  return content
}

/**
 * Reads an archive block by block; what is asked for is mostly beside what was asked for before.
 * @param {Blob} file
 * @returns {(start: number, length: number) => Promise<Uint8Array>}
 */
function blocksOf(file) {
  /** @type {Map<number, Promise<ArrayBuffer>>} */
  const blocks = new Map()
  return async (start, length) => {
    const number = Math.floor(start / BLOCK)
    const at = start - number * BLOCK
    if (at + length > BLOCK) return new Uint8Array(await file.slice(start, start + length).arrayBuffer())
    let block = blocks.get(number)
    if (!block) {
      const [oldest] = blocks.keys()
      if (blocks.size >= KEPT) blocks.delete(oldest)
      blocks.set(number, (block = file.slice(number * BLOCK, (number + 1) * BLOCK).arrayBuffer()))
    }
    return new Uint8Array(await block).subarray(at, at + length)
  }
}

/**
 * @param {Blob} file
 * @param {number} offset
 * @param {number} size
 */
async function bytes(file, offset, size) {
  return new DataView(await file.slice(offset, offset + size).arrayBuffer())
}
