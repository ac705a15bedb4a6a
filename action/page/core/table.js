// @ts-check
// Every file of the project with what became of it, in columns: twenty thousand of them cross to the page at once.

import { text } from './names.js'
import { walk } from './tree.js'
import { at } from './host.js'

/** @typedef {import('./host.js').Host} Host */

export const COUNTED = 0
export const IGNORED = 1
export const NOT_READ = 2

/**
 * @typedef {object} Table
 * @property {string[]} paths relative to the project folder
 * @property {number[]} sizes
 * @property {number[]} states counted, ignored, not read
 * @property {number[]} reasons which one of `words`
 * @property {number[]} modes 1 executable, 0 not, -1 unknown, 2 a link
 * @property {string[]} words
 */

/**
 * @param {Host} host
 * @param {import('./look.js').Inputs | { path: string, files: Array<{ path: import('../../../pkg/docktag.js').Path }> } | undefined} found
 * @returns {Table}
 */
export function table(host, found) {
  /** @type {Table} */
  const rows = { paths: [], sizes: [], states: [], reasons: [], modes: [], words: [] }
  /** @type {Map<string, number>} */
  const words = new Map()
  const word = (/** @type {string} */ reason) => {
    let index = words.get(reason)
    if (index === undefined) words.set(reason, (index = rows.words.push(reason) - 1))
    return index
  }
  const root = at(host, '.')
  if (root?.kind !== 'folder') return rows
  const reason = found ? reasons(found) : () => ['', NOT_READ]
  walk(root, (path, node) => {
    const [why, state] = reason(path)
    rows.paths.push(path)
    rows.sizes.push(node.kind === 'file' ? node.size : 0)
    rows.states.push(/** @type {number} */ (state))
    rows.reasons.push(word(/** @type {string} */ (why)))
    rows.modes.push(node.kind === 'link' ? 2 : node.exec === undefined ? -1 : Number(node.exec))
  })
  return rows
}

/**
 * @param {import('./look.js').Inputs | { path: string, files: Array<{ path: import('../../../pkg/docktag.js').Path }> }} found
 * @returns {(path: string) => [string, number]}
 */
function reasons(found) {
  /** @type {Map<string, string>} */
  const counted = new Map()
  if (!('service' in found)) {
    const folders = found.path.replaceAll('\n', ', ')
    for (const { path } of found.files) counted.set(plain(text(path)), `in ${folders}`)
    return (path) => (counted.has(path) ? [counted.get(path) ?? '', COUNTED] : [`outside of ${folders}`, NOT_READ])
  }
  for (const { path, why } of [...found.files, ...found.links]) counted.set(plain(text(path)), why)
  const ignored = new Map(found.left_out.map(({ path, file, line }) => [plain(text(path)), line ? `${file}:${line}` : file]))
  const unread = new Set(found.not_read.map((path) => plain(text(path))))
  return (path) => {
    const why = counted.get(path)
    if (why !== undefined) return [why, COUNTED]
    // A folder that is left out stands for all that is in it.
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const by = ignored.get(path.slice(0, end))
      if (by !== undefined) return [`ignored by ${by}`, IGNORED]
    }
    return [unread.has(path) ? 'no instruction reads it' : 'outside of the build context', NOT_READ]
  }
}

/** @param {string} path */
function plain(path) {
  return path.split('/').filter((part) => part !== '' && part !== '.').join('/')
}
