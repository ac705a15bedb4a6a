// @ts-check
// An error: what it is, where it is, and what to do.

import { h, prose } from './dom.js'
import { shown } from './format.js'
import { listing } from './lines.js'

/** What is always right. */
const REMEDY = 'mend it in the project and drop that again, or choose other options above'

/**
 * @param {import('../../../pkg/docktag.js').Failed} failed
 * @param {import('../core/lines.js').Excerpt | null} [excerpt]
 */
export function troubleView({ message, place, line, column, help }, excerpt) {
  const where = place === null ? '' : [shown(place), line, column].filter((it) => it !== null).join(':')
  return h('section', { class: 'trouble', role: 'alert' },
    h('h2', {}, where === '' ? 'There is no tag' : h('code', {}, where)),
    h('p', { class: 'message' }, ...prose(shown(message))),
    excerpt && listing(excerpt.lines, excerpt.first, (number) => (number === excerpt.line ? { kind: 'wrong', text: 'here' } : null), excerpt.file),
    h('p', { class: 'help' }, h('strong', {}, 'What to do '), ...prose(shown(help || REMEDY))))
}
