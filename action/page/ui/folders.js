// @ts-check
// The table of files as folders with their sums, for the map.

/** @typedef {import('../core/table.js').Table} Table */
/**
 * @typedef {object} Sum
 * @property {string} name
 * @property {string} path
 * @property {number} files
 * @property {number[]} bytes by state: counted, ignored, not read
 * @property {number[]} counts likewise
 * @property {Map<string, Sum> | null} inner null for a file
 * @property {number} row of a file
 */

/**
 * @param {Table} table
 * @returns {Sum}
 */
export function folders(table) {
  const root = sum('', '', -1)
  table.paths.forEach((path, row) => {
    let at = root
    add(at, table, row)
    for (let start = 0; start <= path.length; ) {
      const slash = path.indexOf('/', start)
      const end = slash < 0 ? path.length : slash
      const name = path.slice(start, end)
      const next = at.inner?.get(name) ?? sum(name, path.slice(0, end), slash < 0 ? row : -1)
      at.inner?.set(name, next)
      add(next, table, row)
      at = next
      start = end + 1
    }
  })
  return root
}

/**
 * @param {string} name
 * @param {string} path
 * @param {number} row
 * @returns {Sum}
 */
function sum(name, path, row) {
  return { name, path, files: 0, bytes: [0, 0, 0], counts: [0, 0, 0], inner: row < 0 ? new Map() : null, row }
}

/**
 * @param {Sum} sum
 * @param {Table} table
 * @param {number} row
 */
function add(sum, table, row) {
  sum.files++
  sum.bytes[table.states[row]] += table.sizes[row]
  sum.counts[table.states[row]]++
}

/** @param {Sum} sum */
export function size({ bytes }) {
  return bytes[0] + bytes[1] + bytes[2]
}

/**
 * The state that most of it has.
 * @param {Sum} sum
 */
export function mostly({ bytes, counts }) {
  const weights = bytes.some((it) => it > 0) ? bytes : counts
  return weights.indexOf(Math.max(...weights))
}
