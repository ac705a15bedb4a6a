// @ts-check
// Hashing: small files many at a time, large ones piece by piece, each once however often it is asked for.

import { hostFailure } from './failure.js'
import { pieces } from './streams.js'

/** @typedef {import('./tree.js').File} File */
/** @typedef {[path: string, file: File]} Named */
/** @typedef {import('../../../pkg/docktag.js').Algorithm} Algorithm */
/** @typedef {Pick<typeof import('../../../pkg/docktag.js'), 'Batch' | 'Hasher'>} Core */
/** @typedef {(files: number, bytes: number) => void} Tell what was done since; throws where the user has had enough */

/** Files of more than so many bytes are never in memory as a whole. */
const SMALL = 512 * 1024
/** A browser takes a millisecond for each read, so small files are read as one blob: so many files, */
const BATCH = 200
/** or so many bytes. */
const BATCH_BYTES = 4 * 1024 * 1024
/** Reads at the same time. */
const LANES = 8

/**
 * Hashes files; their digests stay with them.
 * @param {Core} core
 * @param {Named[]} files
 * @param {Algorithm} algorithm
 * @param {Tell} tell
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the digests, one behind the other
 */
export async function hash(core, files, algorithm, tell) {
  const open = files.filter(([, file]) => file.digests?.[algorithm] === undefined)
  tell(files.length - open.length, 0)
  const batches = split(open)
  const lane = async () => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) {
      await hashBatch(core, batch, algorithm, tell)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const length = algorithm === 'md5' ? 16 : 32
  const digests = new Uint8Array(length * files.length)
  files.forEach(([path, file], index) => {
    const digest = file.digests?.[algorithm]
    if (!digest) throw new Error(`${path}: was not hashed`)
    digests.set(digest, length * index)
  })
  return digests
}

/**
 * Small files in batches, each large one alone.
 * @param {Named[]} files
 */
function split(files) {
  /** @type {Named[][]} */
  const batches = []
  /** @type {Named[]} */
  let batch = []
  let bytes = 0
  for (const named of files) {
    const [, { blob, size }] = named
    if (!blob || size > SMALL) {
      batches.push([named])
      continue
    }
    if (batch.length === 0 || batch.length >= BATCH || bytes + size > BATCH_BYTES) {
      batches.push((batch = []))
      bytes = 0
    }
    batch.push(named)
    bytes += size
  }
  return batches.reverse()
}

/**
 * @param {Core} core
 * @param {Named[]} batch
 * @param {Algorithm} algorithm
 * @param {Tell} tell
 */
async function hashBatch(core, batch, algorithm, tell) {
  const together = batch.length > 1 ? await readTogether(batch) : null
  if (!together) {
    for (const [path, file] of batch) {
      const digest = await inPieces(core, file, algorithm, (bytes) => tell(0, bytes)).catch(async (error) => {
        throw hostFailure(await why(file, error), path)
      })
      file.digests = { ...file.digests, [algorithm]: digest }
      tell(1, 0)
    }
    return
  }
  const digests = algorithm === 'md5' ? sideBySide(core, together, batch) : oneByOne(core, together, batch)
  batch.forEach(([, file], index) => (file.digests = { ...file.digests, [algorithm]: digests[index] }))
  tell(batch.length, together.length)
}

/**
 * @param {Core} core
 * @param {Uint8Array} bytes the files, one behind the other
 * @param {Named[]} files
 */
function sideBySide({ Batch }, bytes, files) {
  const batch = new Batch(bytes.length)
  batch.set(bytes)
  let end = 0
  const digests = batch.digests(Uint32Array.from(files, ([, { size }]) => (end += size)))
  batch.free()
  return files.map((_, index) => digests.subarray(16 * index, 16 * index + 16))
}

/**
 * @param {Core} core
 * @param {Uint8Array} bytes the files, one behind the other
 * @param {Named[]} files
 */
function oneByOne({ Hasher }, bytes, files) {
  const hasher = new Hasher('sha256')
  let at = 0
  const digests = files.map(([, { size }]) => {
    hasher.update(bytes.subarray(at, (at += size)))
    return fromHex(hasher.finish())
  })
  hasher.free()
  return digests
}

/**
 * The contents of files, one after the other; nothing where one of them cannot be read: which one, reading each will tell.
 * @param {Named[]} batch
 */
async function readTogether(batch) {
  const size = batch.reduce((sum, [, { size }]) => sum + size, 0)
  const blobs = batch.map(([, file]) => /** @type {Blob | Uint8Array<ArrayBuffer>} */ (file.blob))
  // Memory needs no Blob.
  if (blobs.every((blob) => blob instanceof Uint8Array)) {
    const bytes = new Uint8Array(size)
    let at = 0
    for (const blob of blobs) bytes.set(blob, (at += blob.length) - blob.length)
    return bytes
  }
  const bytes = await new Blob(blobs).arrayBuffer().catch(() => null)
  return bytes?.byteLength === size ? new Uint8Array(bytes) : null
}

/**
 * @param {Core} core
 * @param {File} file
 * @param {Algorithm} algorithm
 * @param {(bytes: number) => void} tell
 */
async function inPieces({ Hasher }, file, algorithm, tell) {
  const hasher = new Hasher(algorithm)
  try {
    if (file.whole && !file.damage && file.size <= SMALL) {
      hasher.update(await file.whole())
      tell(file.size)
      return fromHex(hasher.finish())
    }
    for await (const piece of pieces(streamOf(file))) {
      hasher.update(piece)
      tell(piece.length)
    }
    return fromHex(hasher.finish())
  } finally {
    hasher.free()
  }
}

/** @param {string} digits */
function fromHex(digits) {
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16))
}

/**
 * Why a file cannot be read: of a stream, browsers say only that it failed.
 * @param {File} file
 * @param {unknown} error
 */
async function why({ blob }, error) {
  return blob instanceof Blob ? blob.slice(0, 1).arrayBuffer().then(() => error, (reason) => reason) : error
}

/**
 * The content of a file.
 * @param {File} file
 * @returns {ReadableStream<Uint8Array>}
 */
export function streamOf(file) {
  if (file.damage) throw new Error(file.damage)
  return file.open ? file.open() : new Blob(file.blob ? [file.blob] : []).stream()
}
