// @ts-check
// The files that decide, line by line: how much each instruction reads, and each pattern leaves out.

import { read, at } from './host.js'
import { text } from './names.js'
import { walk } from './tree.js'

/** @typedef {import('./host.js').Host} Host */
/** @typedef {{ files: number, bytes: number }} Mark */
/** @typedef {{ file: string, kind: 'dockerfile' | 'ignore', lines: string[], marks: Map<number, Mark> }} Lines */
/** @typedef {{ file: string, first: number, lines: string[], line: number }} Excerpt */

/** Larger files are not shown. */
const LARGEST = 256 * 1024
/** So many lines around one that is wrong. */
const AROUND = 3

/**
 * @param {Host} host
 * @param {import('./look.js').Inputs} inputs
 * @returns {Promise<Lines[]>}
 */
export async function lines(host, inputs) {
  /** @type {Lines[]} */
  const all = []
  /** @type {Map<number, Mark>} */
  const marks = new Map()
  for (const { line, size } of inputs.files) add(marks, line, 1, size)
  if (inputs.dockerfile) await keep(host, all, { file: inputs.dockerfile, kind: 'dockerfile', lines: [], marks })
  const files = new Set(inputs.left_out.map(({ file }) => file))
  for (const file of files) {
    /** @type {Map<number, Mark>} */
    const marks = new Map()
    for (const { path, line } of inputs.left_out.filter((it) => it.file === file)) {
      const { files, bytes } = weigh(host, text(path))
      add(marks, line, files, bytes)
    }
    await keep(host, all, { file, kind: 'ignore', lines: [], marks })
  }
  return all
}

/**
 * @param {Map<number, Mark>} marks
 * @param {number | null} line
 * @param {number} files
 * @param {number} bytes
 */
function add(marks, line, files, bytes) {
  if (line === null) return
  const mark = marks.get(line) ?? { files: 0, bytes: 0 }
  marks.set(line, { files: mark.files + files, bytes: mark.bytes + bytes })
}

/**
 * @param {Host} host
 * @param {string} path
 */
function weigh(host, path) {
  const node = at(host, path, false)
  const mark = { files: node && node.kind !== 'folder' ? 1 : 0, bytes: node?.kind === 'file' ? node.size : 0 }
  if (node?.kind === 'folder') {
    walk(node, (_, file) => {
      mark.files++
      mark.bytes += file.kind === 'file' ? file.size : 0
    })
  }
  return mark
}

/**
 * @param {Host} host
 * @param {Lines[]} all
 * @param {Lines} found
 */
async function keep(host, all, found) {
  const lines = await linesOf(host, found.file)
  if (lines) all.push({ ...found, lines })
}

/**
 * @param {Host} host
 * @param {string} file
 */
async function linesOf(host, file) {
  const node = at(host, file)
  if (node?.kind !== 'file' || node.size > LARGEST) return null
  const lines = new TextDecoder().decode(await read(host, file)).split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/**
 * The lines around an error, where it names one.
 * @param {Host} host
 * @param {import('../../../pkg/docktag.js').Failed} error
 * @returns {Promise<Excerpt | null>}
 */
export async function excerpt(host, { place, line }) {
  if (!place || !line) return null
  const lines = await linesOf(host, place).catch(() => null)
  if (!lines) return null
  // Something that is missing at the end is behind the last line.
  const at = Math.min(line, lines.length)
  const first = Math.max(1, at - AROUND)
  return { file: place, first, lines: lines.slice(first - 1, at + AROUND), line: at }
}
