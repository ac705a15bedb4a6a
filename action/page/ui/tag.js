// @ts-check
// The tag: of every service, and large of the one that is looked at.

import { copyButton, h, prose } from './dom.js'
import { bytes, plural, shown } from './format.js'
import { checkLine } from './snippets.js'

/** @typedef {import('../core/look.js').View} View */

/**
 * @param {View} view
 * @param {(service: string) => void} choose
 */
export function tagView(view, choose) {
  const { found } = view
  return h('section', { 'aria-labelledby': 'tag-title', class: 'tag-section' },
    view.targets.length > 1 && services(view, choose),
    found && card(view, found),
    ...view.notes.map(({ level, text }) => h('p', { class: `note ${level}` }, ...prose(shown(text)))),
  )
}

/**
 * @param {View} view
 * @param {NonNullable<View['found']>} found
 */
function card(view, found) {
  const { exact, choice } = view
  const file = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (found.manifest)], { type: 'text/plain' })
  const line = checkLine(view)
  return h('div', { class: 'luggage' },
    h('h2', { id: 'tag-title' }, choice.mode === 'folder' ? `Tag of ${shown(choice.path.replaceAll('\n', ', '))}` : choice.mode === 'compose' ? `Tag of ${shown(found.service)}` : 'Tag of the Dockerfile'),
    h('p', { class: 'tag-line' }, h('code', { class: 'tag', id: 'tag' }, found.tag), copyButton(found.tag, 'tag')),
    choice.mode === 'compose' && h('p', { class: 'image' }, 'Image ', h('code', {}, shown(found.image))),
    exact && h('p', { class: exact.exact ? 'exact yes' : 'exact no', id: 'exact' },
      h('strong', {}, exact.exact ? 'Exact' : 'Not exact'), ` ${shown(exact.why)}`, exact.help !== '' && h('span', { class: 'help' }, ...prose(exact.help))),
    h('p', { class: 'check' }, h('span', {}, 'Check it'), h('code', { id: 'check' }, line), copyButton(line, 'shell line')),
    h('p', { class: 'totals' }, ...totals(view), ' ',
      h('a', { href: URL.createObjectURL(file), download: 'docktag.manifest' }, 'Save the manifest')),
    found.notes.length > 0 && h('details', { class: 'others' },
      h('summary', {}, `${plural(found.notes.length, 'input')} besides files`),
      h('ul', {}, ...found.notes.map((note) => h('li', {}, h('code', {}, shown(note)))))),
  )
}

/** @param {View} view */
function totals({ table, found }) {
  const sums = [0, 1, 2].map((state) => {
    let [files, size] = [0, 0]
    table.states.forEach((it, row) => it === state && (files++, (size += table.sizes[row])))
    return { files, size }
  })
  const words = ['counted', 'ignored', 'not read']
  const kinds = ['counted', 'ignored', 'unread']
  const parts = sums.flatMap(({ files, size }, state) =>
    files === 0 && state > 0 ? [] : [h('span', { class: 'total' }, h('span', { class: `swatch ${kinds[state]}`, 'aria-hidden': 'true' }), `${plural(files, 'file')} ${words[state]}, ${bytes(size)}`)],
  )
  if (found?.whole) parts.push(h('span', { class: 'total' }, 'the whole context counts'))
  return parts
}

/**
 * @param {View} view
 * @param {(service: string) => void} choose
 */
function services({ targets, choice }, choose) {
  const rows = [...targets].sort((a, b) => (a.services[0] < b.services[0] ? -1 : 1)).map(({ services, tag }) => {
    const isIt = services.includes(choice.service)
    return h('tr', { class: isIt ? 'chosen' : undefined },
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'service', 'aria-pressed': isIt ? 'true' : 'false', click: () => choose(services[0]) }, shown(services.join(', ')))),
      h('td', {}, h('code', {}, tag)),
      h('td', {}, copyButton(tag, `tag of ${services[0]}`)),
    )
  })
  return h('table', { class: 'services' },
    h('caption', {}, `${targets.length} images; choose one to look at`),
    h('thead', { class: 'visually-hidden' }, h('tr', {}, h('th', { scope: 'col' }, 'Service'), h('th', { scope: 'col' }, 'Tag'), h('th', { scope: 'col' }, 'Copy'))),
    h('tbody', {}, ...rows))
}
