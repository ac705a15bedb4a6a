// @ts-check
// Two texts, line by line: what went and what came, with a few lines around it.

import { at, read } from './host.js'

/** @typedef {import('./host.js').Host} Host */
/** A line with its numbers, from 1, in both texts. @typedef {{ sign: '+' | '-' | ' ', before: number, after: number, text: string }} Line */
/** @typedef {{ parts: Line[][], why?: string }} Diff */

/** Larger files are not compared. */
const LARGEST = 512 * 1024
/** Texts that differ in more lines are only said to be others. */
const MOST = 1500
/** Lines shown before and after a change. */
const AROUND = 3

/**
 * What differs between the files of one name in two projects.
 * @param {[before: Host, after: Host]} hosts
 * @param {string} path
 * @returns {Promise<Diff>}
 */
export async function diffFiles(hosts, path) {
  const nodes = hosts.map((host) => at(host, path))
  const sizes = nodes.map((node) => (node?.kind === 'file' ? node.size : Infinity))
  if (Math.max(...sizes) > LARGEST) return { parts: [], why: 'too large to be compared here' }
  const bytes = await Promise.all(hosts.map((host) => read(host, path)))
  // As git tells text from other things.
  if (bytes.some((it) => it.subarray(0, 8000).includes(0))) return { parts: [], why: 'not a text' }
  const [before, after] = bytes.map((it) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(it))
  return diff(before, after)
}

/**
 * @param {string} before
 * @param {string} after
 * @returns {Diff}
 */
export function diff(before, after) {
  const [old, now] = [before, after].map((text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [])
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let end = 0
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++
  const way = shortest(old.slice(start, old.length - end), now.slice(start, now.length - end))
  if (!way) return { parts: [], why: `other text: more than ${MOST.toLocaleString('en')} lines differ` }
  if (way.length === 0) return { parts: [], why: 'the texts look the same; bytes that are not text differ' }
  return { parts: around([...' '.repeat(start), ...way, ...' '.repeat(end)], old, now) }
}

/**
 * The fewest signs that lead from one list to the other.
 * source: Myers, "An O(ND) Difference Algorithm and Its Variations"
 * @param {string[]} old
 * @param {string[]} now
 * @returns {string[] | null}
 */
function shortest(old, now) {
  /** For every number of changes: how far each diagonal has come in the old list. @type {Int32Array[]} */
  const reached = []
  for (let changes = 0; changes <= MOST; changes++) {
    const here = new Int32Array(2 * changes + 1)
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const from = changes === 0 ? { x: 0, isNew: true } : step(reached[changes - 1], changes, diagonal)
      let x = from.isNew ? from.x : from.x + 1
      while (x < old.length && x - diagonal < now.length && old[x] === now[x - diagonal]) x++
      here[diagonal + changes] = x
      if (x >= old.length && x - diagonal >= now.length) return back(reached, changes, old.length, now.length)
    }
    reached.push(here)
  }
  return null
}

/**
 * The better of two ways to a diagonal: by a line of the new list, or past one of the old list.
 * @param {Int32Array} last
 * @param {number} changes
 * @param {number} diagonal
 */
function step(last, changes, diagonal) {
  const [past, by] = [diagonal > -changes ? last[diagonal + changes - 2] : -1, diagonal < changes ? last[diagonal + changes] : -1]
  return past < by ? { x: by, isNew: true } : { x: past, isNew: false }
}

/**
 * @param {Int32Array[]} reached
 * @param {number} changes
 * @param {number} x
 * @param {number} y
 */
function back(reached, changes, x, y) {
  const signs = []
  for (; changes > 0; changes--) {
    const diagonal = x - y
    const from = step(reached[changes - 1], changes, diagonal)
    const begin = from.isNew ? from.x : from.x + 1
    signs.push(...' '.repeat(x - begin), from.isNew ? '+' : '-')
    x = from.x
    y = from.isNew ? begin - diagonal - 1 : begin - diagonal
  }
  signs.push(...' '.repeat(x))
  return signs.reverse()
}

/**
 * The lines that changed and those around them, with their numbers.
 * @param {string[]} signs
 * @param {string[]} old
 * @param {string[]} now
 */
function around(signs, old, now) {
  /** @type {Line[][]} */
  const parts = []
  let [before, after, shownTo] = [0, 0, -1]
  signs.forEach((sign, index) => {
    const text = sign === '+' ? now[after] : old[before]
    if (sign !== '+') before++
    if (sign !== '-') after++
    if (!signs.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((it) => it !== ' ')) return
    if (shownTo !== index - 1 || parts.length === 0) parts.push([])
    parts[parts.length - 1].push({ sign: /** @type {Line['sign']} */ (sign), before, after, text })
    shownTo = index
  })
  return parts
}
