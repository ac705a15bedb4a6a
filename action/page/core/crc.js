// @ts-check
// The check sum of zip archives.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  return sum
})

/**
 * @param {Uint8Array} bytes
 * @param {number} [before] the sum of what came before
 */
export function crc32(bytes, before = 0) {
  let sum = ~before
  for (let at = 0; at < bytes.length; at++) sum = TABLE[(sum ^ bytes[at]) & 0xff] ^ (sum >>> 8)
  return ~sum >>> 0
}
