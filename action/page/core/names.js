// @ts-check
// File names as texts. A byte that is not UTF-8 becomes U+DC80 to U+DCFF, as in Python's `surrogateescape`, so nothing is lost.

/** @typedef {import('../../../pkg/docktag.js').Path} Path */

const encoder = new TextEncoder()
// A byte order mark is part of a name.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ESCAPED = /[\udc80-\udcff]/
const HALF_PAIR = /(?<![\ud800-\udbff])[\udc80-\udcff]/g

/**
 * The text for the bytes of a name.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function decode(bytes) {
  try {
    return decoder.decode(bytes)
  } catch {
    return decodeInPieces(bytes)
  }
}

/** @param {Uint8Array} bytes */
function decodeInPieces(bytes) {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    try {
      text += decoder.decode(bytes.subarray(at, at + length))
      at += length
    } catch {
      text += String.fromCharCode(0xdc00 + first)
      at++
    }
  }
  return text
}

/**
 * A name as the core takes it: a text, or bytes where it is not UTF-8.
 * @param {string} name
 * @returns {Path}
 */
export function spell(name) {
  if (!ESCAPED.test(name) || name.search(HALF_PAIR) < 0) return name
  const bytes = []
  for (const character of name) {
    const code = /** @type {number} */ (character.codePointAt(0))
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00)
    else bytes.push(...encoder.encode(character))
  }
  return bytes
}

/**
 * The text for a name of the core.
 * @param {Path} path
 * @returns {string}
 */
export function text(path) {
  return typeof path === 'string' ? path : decode(Uint8Array.from(path))
}
