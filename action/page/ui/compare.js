// @ts-check
// Two states side by side: what changed the tag.

import { h } from './dom.js'
import { plural, shown } from './format.js'

/** @typedef {import('../core/compare.js').Comparison} Comparison */
/** @typedef {import('../core/diff.js').Diff} Diff */

const SIGNS = { added: '+', removed: '−', changed: '~', renamed: '→' }
/** Longer lists are shown in part. */
const MOST = 500

/**
 * @param {Comparison} comparison
 * @param {[before: string, after: string]} names
 * @param {(path: string) => Promise<Diff>} [diff] what differs in a file, where both texts are there
 */
export function comparisonView({ changes, tags, same, notes }, names, diff) {
  const equal = tags[0] === tags[1]
  const rows = changes.slice(0, MOST).map(({ kind, path, before, after }) =>
    h('tr', { class: kind },
      h('td', { class: 'sign' }, h('span', { 'aria-hidden': 'true' }, SIGNS[kind]), h('span', { class: 'visually-hidden' }, kind)),
      h('td', { class: 'file' }, diff && kind === 'changed' ? opener(path, diff) : shown(path)),
      h('td', { class: 'digests' }, h('code', {}, [...new Set([before, after])].filter((it) => it !== '').map((it) => it.slice(0, 8)).join(' → ')))))
  const noteRows = notes.map((note) =>
    h('tr', { class: 'changed' }, h('td', { class: 'sign' }, h('span', { 'aria-hidden': 'true' }, SIGNS.changed), h('span', { class: 'visually-hidden' }, 'changed')), h('td', { class: 'file', colspan: 2 }, shown(note))))
  return h('div', { class: 'comparison', id: 'comparison' },
    h('dl', { class: 'states' },
      h('div', {}, h('dt', {}, `Before: ${shown(names[0])}`), h('dd', {}, h('code', {}, tags[0]))),
      h('div', {}, h('dt', {}, `After: ${shown(names[1])}`), h('dd', {}, h('code', {}, tags[1])))),
    h('p', { class: equal ? 'verdict same' : 'verdict' }, equal
      ? 'The same tag: nothing that counts has changed.'
      : `${plural(changes.length + notes.length, 'difference')}, ${plural(same, 'file')} the same.`),
    (rows.length > 0 || noteRows.length > 0) && h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Differences' }, h('table', { class: 'changes' },
      h('thead', { class: 'visually-hidden' }, h('tr', {}, h('th', { scope: 'col' }, 'Kind'), h('th', { scope: 'col' }, 'Input'), h('th', { scope: 'col' }, 'Digests'))),
      h('tbody', {}, ...noteRows, ...rows))),
    changes.length > MOST && h('p', { class: 'hint' }, `the first ${MOST} of ${changes.length}`))
}

/**
 * A name that opens to what differs in the file, in a row of its own below.
 * @param {string} path
 * @param {(path: string) => Promise<Diff>} diff
 */
function opener(path, diff) {
  /** @type {HTMLTableRowElement | undefined} */
  let row
  const button = h('button', { type: 'button', class: 'opener', 'aria-expanded': 'false', click: () => void toggle() }, shown(path))
  const toggle = async () => {
    const isOpen = button.getAttribute('aria-expanded') === 'true'
    button.setAttribute('aria-expanded', String(!isOpen))
    if (isOpen) return row?.remove()
    const cell = h('td', { colspan: 3 })
    row = h('tr', { class: 'diff' }, cell)
    button.closest('tr')?.after(row)
    const { parts, why } = await diff(path).catch(() => ({ parts: [], why: 'it cannot be read any more' }))
    const rows = parts.flatMap((part, index) => [...(index > 0 ? [h('tr', {}, h('td', { class: 'line-number', colspan: 4 }, '⋯'))] : []), ...part.map(line)])
    cell.append(why ? h('p', { class: 'hint' }, why) : h('div', { class: 'listing', tabindex: 0, role: 'region', 'aria-label': `Changed lines of ${shown(path)}` }, h('table', {}, h('tbody', {}, ...rows))))
  }
  return button
}

/** @param {import('../core/diff.js').Line} line */
function line({ sign, before, after, text }) {
  const kind = { '+': 'added', '-': 'removed', ' ': '' }[sign]
  const end = text.endsWith('\n') ? '' : ' (no newline at the end)'
  return h('tr', { class: kind },
    h('td', { class: 'line-number' }, sign === '+' ? '' : String(before)),
    h('td', { class: 'line-number' }, sign === '-' ? '' : String(after)),
    h('td', { class: 'sign' }, h('span', { 'aria-hidden': 'true' }, sign.replace('-', '−')), h('span', { class: 'visually-hidden' }, kind)),
    h('td', { class: 'code' }, h('code', {}, shown(text.replace(/\n$/, '').replaceAll('\t', '    '))), end && h('span', { class: 'hint' }, end)))
}
