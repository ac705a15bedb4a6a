// @ts-check
// The map of the project: each rectangle is a file or a folder, as large as it weighs; folders can be gone into.

import { h } from './dom.js'
import { folders, mostly, size } from './folders.js'
import { bytes, plural, shown } from './format.js'
import { squarify } from './squarify.js'

/** @typedef {import('./folders.js').Sum} Sum */
/** @typedef {import('./squarify.js').Box} Box */

const KINDS = ['counted', 'ignored', 'unread']
const WORDS = ['counted', 'ignored', 'not read']
/** What is too small to see is shown together. */
const MOST = 48
const MOST_INSIDE = 24
/** The part of a folder's tile that has its name. */
const HEAD = 24

/**
 * @param {import('../core/table.js').Table} table
 * @param {(path: string) => void} choose a file was chosen
 */
export function mapView(table, choose) {
  const root = folders(table)
  const crumbs = h('nav', { class: 'crumbs', 'aria-label': 'Folder shown in the map' })
  const box = h('div', { class: 'map', role: 'group', 'aria-label': 'Map of files; arrow keys move, Enter goes in, Backspace goes up' })
  const caption = h('p', { class: 'map-caption' })
  /** The folders that were gone into. @type {Sum[]} */
  let way = [root]

  const go = (/** @type {Sum[]} */ next, focus = true) => {
    way = next
    draw()
    if (focus) /** @type {HTMLElement | null} */ (box.querySelector('button'))?.focus()
  }
  const draw = () => {
    const here = way[way.length - 1]
    crumbs.replaceChildren(...way.map((folder, index) => {
      const name = index === 0 ? 'project' : shown(folder.name)
      return index === way.length - 1 ? h('span', { 'aria-current': 'true' }, name) : h('button', { type: 'button', click: () => go(way.slice(0, index + 1)) }, name)
    }))
    box.replaceChildren(...tiles(here, box.clientWidth || 640, box.clientHeight || 360).map((it, index) => tile(it, index)))
    say(here)
  }
  const say = (/** @type {Sum} */ sum) => {
    const reason = sum.row >= 0 ? table.words[table.reasons[sum.row]] : parts(sum)
    caption.textContent = `${sum.path === '' ? 'project' : shown(sum.path)}: ${bytes(size(sum))}${reason ? `, ${shown(reason)}` : ''}`
  }
  const tile = (/** @type {Tile} */ { sum, box: place, more }, /** @type {number} */ index) => {
    const isFolder = sum.inner !== null && !more
    const name = more ? `${more} more` : `${shown(sum.name)}${isFolder ? '/' : ''}`
    const details = more ? 'smaller ones' : `${isFolder ? `${plural(sum.files, 'file')}, ` : ''}${parts(sum)}`
    const act = () => (more ? undefined : isFolder ? go([...way, sum]) : choose(sum.path))
    const hasName = place.width > 44 && place.height > 20
    const hasSize = hasName && place.width > 120 && (place.height > 44 || isFolder)
    const button = h('button',
      { type: 'button', class: `tile ${KINDS[mostly(sum)]}${isFolder ? ' folder' : ''}`, title: `${name} ${bytes(size(sum))}, ${details}`, tabindex: index === 0 ? 0 : -1, click: act, focus: () => say(sum), mouseenter: () => say(sum) },
      ...(isFolder ? inside(sum, place) : []),
      h('span', { class: hasName ? `tile-name${hasSize ? '' : ' alone'}` : 'visually-hidden' }, name), ' ',
      h('span', { class: hasSize ? 'tile-size' : 'visually-hidden' }, bytes(size(sum))),
      h('span', { class: 'visually-hidden' }, `, ${details}`))
    position(button, place)
    return button
  }
  box.addEventListener('keydown', (event) => {
    const all = /** @type {HTMLElement[]} */ ([...box.children])
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    const target = event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : step && at + step
    if (event.key === 'Backspace' && way.length > 1) go(way.slice(0, -1))
    else if (target !== undefined && all[target]) {
      all.forEach((it, index) => it.setAttribute('tabindex', index === target ? '0' : '-1'))
      all[target].focus()
    } else return
    event.preventDefault()
  })
  let width = 0
  new ResizeObserver(() => {
    if (box.clientWidth === width) return
    width = box.clientWidth
    draw()
  }).observe(box)
  return h('section', { 'aria-labelledby': 'map-title' },
    h('h2', { id: 'map-title' }, 'Map'), legend(), crumbs, box, caption)
}

function legend() {
  return h('p', { class: 'legend' }, ...KINDS.map((kind, state) => h('span', { class: 'total' }, h('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), WORDS[state])))
}

/** @param {Sum} sum */
function parts({ counts }) {
  const some = counts.flatMap((count, state) => (count > 0 ? [[count, WORDS[state]]] : []))
  return some.length === 1 ? (some[0][0] === 1 ? `${some[0][1]}` : `all ${some[0][1]}`) : some.map(([count, word]) => `${count} ${word}`).join(', ')
}

/** @typedef {{ sum: Sum, box: Box, more?: number }} Tile */

/**
 * @param {Sum} folder
 * @param {number} width
 * @param {number} height
 * @returns {Tile[]}
 */
function tiles(folder, width, height) {
  const sorted = [...(folder.inner?.values() ?? [])].sort((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1))
  // The one small rest is not to be one tile itself.
  const shownOnes = sorted.length > MOST ? sorted.slice(0, MOST - 1) : sorted
  const rest = sorted.slice(shownOnes.length)
  /** @type {Array<{ sum: Sum, more?: number }>} */
  const all = shownOnes.map((sum) => ({ sum }))
  if (rest.length > 0) all.push({ sum: rest.reduce(together, { name: '', path: `${folder.path || 'project'}, the smaller ones`, files: 0, bytes: [0, 0, 0], counts: [0, 0, 0], inner: new Map(), row: -1 }), more: rest.length })
  // Nothing is so small that it cannot be hit.
  const least = Math.max(1, size(folder) * 0.004)
  const weights = all.map(({ sum }) => Math.max(size(sum), least))
  const order = weights.map((_, index) => index).sort((a, b) => weights[b] - weights[a])
  const boxes = squarify(order.map((index) => weights[index]), { x: 0, y: 0, width, height })
  return order.map((index, at) => ({ ...all[index], box: boxes[at] }))
}

/**
 * @param {Sum} a
 * @param {Sum} b
 * @returns {Sum}
 */
function together(a, b) {
  const add = (/** @type {number[]} */ one, /** @type {number[]} */ other) => one.map((it, index) => it + other[index])
  return { ...a, files: a.files + b.files, bytes: add(a.bytes, b.bytes), counts: add(a.counts, b.counts) }
}

/**
 * A small view of what is in a folder.
 * @param {Sum} folder
 * @param {Box} place
 */
function inside(folder, place) {
  if (place.width < 40 || place.height < HEAD + 24) return []
  const inner = [...(folder.inner?.values() ?? [])].filter((sum) => size(sum) > 0).sort((a, b) => size(b) - size(a)).slice(0, MOST_INSIDE)
  const boxes = squarify(inner.map(size), { x: 6, y: HEAD + 4, width: place.width - 16, height: place.height - HEAD - 14 })
  return inner.map((sum, index) => {
    const part = h('span', { class: `part ${KINDS[mostly(sum)]}`, 'aria-hidden': 'true' })
    position(part, boxes[index])
    return part
  })
}

/**
 * @param {HTMLElement} element
 * @param {Box} box
 */
function position(element, { x, y, width, height }) {
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${Math.max(0, width - 2)}px`, height: `${Math.max(0, height - 2)}px` })
}
