// @ts-check
// Reading streams piece by piece.

/**
 * The pieces of a stream. Not every browser can iterate over one.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* pieces(stream) {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {Promise<Uint8Array>}
 */
export async function readAll(stream) {
  return new Uint8Array(await new Response(/** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (stream)).arrayBuffer())
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {CompressionFormat} format
 * @returns {ReadableStream<Uint8Array>}
 */
export function inflate(stream, format) {
  return stream.pipeThrough(/** @type {ReadableWritablePair<Uint8Array, Uint8Array>} */ (new DecompressionStream(format)))
}

/**
 * Unpacks what is in memory already: for small pieces, joining streams takes ten times as long.
 * @param {Uint8Array} bytes
 * @param {number} size how much it should be
 */
export async function inflateWhole(bytes, size) {
  const stream = /** @type {ReadableWritablePair<Uint8Array, Uint8Array>} */ (new DecompressionStream('deflate-raw'))
  const writer = stream.writable.getWriter()
  // What is wrong with it is told by the reader too.
  writer.write(bytes).catch(() => {})
  writer.close().catch(() => {})
  const whole = new Uint8Array(size)
  let at = 0
  for await (const piece of pieces(stream.readable)) {
    // What says that it is small must not fill the memory.
    if (at + piece.length > size) throw new Error('it is larger than the archive says')
    whole.set(piece, at)
    at += piece.length
  }
  return whole.subarray(0, at)
}

/** Takes so many bytes at a time from a stream, however it comes in pieces. */
export class Bytes {
  /** @type {AsyncGenerator<Uint8Array>} */
  #pieces
  /** @type {Uint8Array} */
  #rest = new Uint8Array(0)

  /** @param {ReadableStream<Uint8Array>} stream */
  constructor(stream) {
    this.#pieces = pieces(stream)
  }

  /**
   * The next piece with at most so many bytes; empty at the end.
   * @param {number} most
   */
  async some(most) {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#pieces.next()
      if (done) break
      this.#rest = value
    }
    const piece = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  /**
   * Exactly so many bytes, or fewer at the end.
   * @param {number} count
   */
  async take(count) {
    const first = await this.some(count)
    if (first.length === count) return first
    const bytes = new Uint8Array(count)
    bytes.set(first)
    let at = first.length
    while (at < count) {
      const piece = await this.some(count - at)
      if (piece.length === 0) break
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes.subarray(0, at)
  }

  end() {
    return this.#pieces.return(undefined)
  }
}
