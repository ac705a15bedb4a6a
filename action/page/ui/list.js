// @ts-check
// The list of files, with a filter, and the reason for each.

import { h } from './dom.js'
import { bytes, plural, shown } from './format.js'

/** More are shown when they are asked for: nobody reads thousands. */
const PAGE = 200
const KINDS = ['counted', 'ignored', 'unread']
const WORDS = ['counted', 'ignored', 'not read']
const MODES = /** @type {Record<string, string>} */ ({ 1: 'executable', 2: 'link' })

/** @param {import('../core/table.js').Table} table */
export function listView(table) {
  const filter = h('input', { type: 'search', id: 'filter', placeholder: 'part of a name or reason', spellcheck: 'false', input: () => draw() })
  const state = h('select', { id: 'filter-state', change: () => draw() }, ...['all files', 'counted', 'ignored', 'not read'].map((word, index) => h('option', { value: index - 1 }, word)))
  const body = h('tbody')
  const said = h('p', { class: 'hint', role: 'status' })
  const more = h('button', { type: 'button', click: () => draw(most + PAGE) }, 'Show more')
  const order = table.paths.map((_, row) => row).sort((a, b) => table.states[a] - table.states[b] || (table.paths[a] < table.paths[b] ? -1 : 1))
  let most = PAGE

  const draw = (next = PAGE) => {
    most = next
    const words = filter.value.toLowerCase().split(' ').filter((word) => word !== '')
    const wanted = Number(state.value)
    const matching = table.words.map((reason) => reason.toLowerCase())
    const rows = order.filter((row) => {
      if (wanted >= 0 && table.states[row] !== wanted) return false
      const path = words.length > 0 ? table.paths[row].toLowerCase() : ''
      return words.every((word) => path.includes(word) || matching[table.reasons[row]].includes(word))
    })
    const size = rows.reduce((sum, row) => sum + table.sizes[row], 0)
    body.replaceChildren(...rows.slice(0, most).map(line))
    said.textContent = rows.length > most ? `the first ${most} of ${plural(rows.length, 'file')}, ${bytes(size)}` : `${plural(rows.length, 'file')}, ${bytes(size)}`
    more.hidden = rows.length <= most
  }
  const line = (/** @type {number} */ row) => {
    const mode = MODES[table.modes[row]]
    return h('tr', {},
      h('td', { class: 'file' }, h('span', { class: `swatch ${KINDS[table.states[row]]}`, 'aria-hidden': 'true' }), shown(table.paths[row]), mode && h('span', { class: 'mode' }, mode)),
      h('td', { class: 'number' }, bytes(table.sizes[row])),
      h('td', { class: 'why' }, h('span', { class: 'visually-hidden' }, `${WORDS[table.states[row]]}: `), shown(table.words[table.reasons[row]])))
  }
  draw()
  const section = h('section', { 'aria-labelledby': 'files-title' },
    h('h2', { id: 'files-title' }, 'Files'),
    h('p', { class: 'filter' }, h('label', {}, 'Filter ', filter), h('label', {}, 'Show ', state)),
    said,
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of files' },
      h('table', { class: 'files' },
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'File'), h('th', { scope: 'col', class: 'number' }, 'Size'), h('th', { scope: 'col' }, 'Why'))), body)),
    more)
  /** @param {string} path */
  const show = (path) => {
    filter.value = path
    state.value = '-1'
    draw()
    section.scrollIntoView({ block: 'start' })
    filter.focus({ preventScroll: true })
  }
  return { section, show }
}
