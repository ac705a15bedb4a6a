// @ts-check
// Two states side by side: what changed the tag.

import { h } from './dom.js'
import { plural, shown } from './format.js'

/** @typedef {import('../core/compare.js').Comparison} Comparison */

const SIGNS = { added: '+', removed: '−', changed: '~', renamed: '→' }
/** Longer lists are shown in part. */
const MOST = 500

/**
 * @param {Comparison} comparison
 * @param {[before: string, after: string]} names
 */
export function comparisonView({ changes, tags, same, notes }, names) {
  const equal = tags[0] === tags[1]
  const rows = changes.slice(0, MOST).map(({ kind, path, before, after }) =>
    h('tr', { class: kind },
      h('td', { class: 'sign' }, h('span', { 'aria-hidden': 'true' }, SIGNS[kind]), h('span', { class: 'visually-hidden' }, kind)),
      h('td', { class: 'file' }, shown(path)),
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
