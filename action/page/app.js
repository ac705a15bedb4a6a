// @ts-check
// The page: what was given goes to the worker, and what the worker found is drawn.

import { DEFAULTS, parse, render } from './core/options.js'
import { busy, stop } from './ui/busy.js'
import { ask as asking, prepare, Refused } from './ui/client.js'
import { comparisonView } from './ui/compare.js'
import { announce, byId, h } from './ui/dom.js'
import { example } from './ui/example.js'
import { fill, read } from './ui/form.js'
import { plural, shown } from './ui/format.js'
import { listen, pick } from './ui/intake.js'
import { linesView } from './ui/lines.js'
import { listView } from './ui/list.js'
import { mapView } from './ui/map.js'
import { send } from './ui/send.js'
import { snippetView } from './ui/snippets.js'
import { tagView } from './ui/tag.js'
import { troubleView } from './ui/trouble.js'

/** @typedef {import('./core/look.js').View} View */
/** @typedef {import('./core/options.js').Choice} Choice */
/** @typedef {import('./core/worker.js').Slot} Slot */
/** @typedef {import('./ui/busy.js').Ask} Ask */
/** @typedef {import('./ui/intake.js').Given} Given */
/** @typedef {import('./ui/intake.js').Manifest} Manifest */

let choice = parse(location.hash)
/** What is looked at. @type {View | undefined} */
let view
/** Whether it is the example, which has an earlier state of its own. */
let isExample = false
/** The earlier state: a manifest, or a project in the worker. @type {Manifest | 'project' | undefined} */
let before
/**
 * Takes what was given: a project to look at, or an earlier state of it.
 * @param {Promise<Given>} given
 * @param {Slot} slot
 */
function take(given, slot) {
  return busy(async ({ check, ask }) => {
    const { sources, manifests } = await given
    if (manifests.length > 0) return compareManifests(manifests, ask)
    const kind = await send(sources[0], slot, choice.algorithm, { check, ask })
    if (slot === 'now') [isExample, before] = [kind === 'texts', undefined]
    else before = 'project'
    if (slot === 'now') await look(ask, true)
    else await compare(ask)
  })
}

/**
 * Looks at the project with the options that are set.
 * @param {Ask} ask
 * @param {boolean} isNew
 */
async function look(ask, isNew) {
  view = /** @type {View} */ (await ask({ ask: 'look', slot: 'now', choice }).answer)
  const { name, table, choice: used, dirs, error } = view
  byId('start').hidden = true
  byId('result').hidden = false
  byId('project-name').textContent = shown(name)
  byId('project-about').textContent = plural(table.paths.length, 'file')
  fill(used, dirs)
  const { section, show } = listView(table)
  const views = [error && troubleView(error, view.excerpt), tagView(view, chooseService), view.found && mapView(table, show), view.found && section, linesView(view.lines), view.found && compareSection(), view.found && snippetView(view)]
  byId('views').replaceChildren(...views.filter((it) => it instanceof Node))
  announce(view.found ? `the tag is ${view.found.tag}` : 'there is no tag')
  if (isNew) {
    scrollTo(0, 0)
    byId('project-name').focus({ preventScroll: true })
  }
  if (before && view.found) await compare(ask)
}

/** @param {string} service */
function chooseService(service) {
  change({ ...choice, service })
  const chosen = () => /** @type {HTMLElement | null} */ (document.querySelector('.service[aria-pressed=true]'))?.focus({ preventScroll: true })
  void working.then(chosen)
}

/** @type {Promise<void>} */
let working = Promise.resolve()

/**
 * Other options: the address says them, and the project is looked at anew.
 * @param {Choice} next
 */
function change(next) {
  choice = next
  const fragment = render(choice)
  history.replaceState(null, '', fragment === '' ? location.pathname + location.search : `#${fragment}`)
  if (!byId('result').hidden) working = busy(({ ask }) => look(ask, false))
}

/**
 * @param {Ask} ask
 */
async function compare(ask) {
  if (!before || !view?.found) return
  const found = /** @type {NonNullable<View['found']>} */ (view.found)
  let manifest, name
  if (before === 'project') {
    const old = /** @type {View} */ (await ask({ ask: 'look', slot: 'before', choice: { ...view.choice, dir: '' } }).answer)
    if (!old.found) throw new Refused(/** @type {NonNullable<View['error']>} */ (old.error))
    ;[manifest, name] = [old.found.manifest, old.name]
  } else [manifest, name] = [before.manifest, before.name]
  const comparison = /** @type {import('./core/compare.js').Comparison} */ (await ask({ ask: 'compare', before: manifest, after: found.manifest }).answer)
  const diff = before === 'project' ? (/** @type {string} */ path) => /** @type {Promise<import('./core/diff.js').Diff>} */ (asking({ ask: 'diff', path }).answer) : undefined
  byId('compared').replaceChildren(comparisonView(comparison, [name, view.name], diff))
  announce(`${plural(comparison.changes.length, 'file')} differ`)
}

/**
 * @param {Manifest[]} manifests
 * @param {Ask} ask
 */
async function compareManifests(manifests, ask) {
  if (view?.found && manifests.length === 1) {
    before = manifests[0]
    return compare(ask)
  }
  const [old, now = old] = manifests
  const comparison = /** @type {import('./core/compare.js').Comparison} */ (await ask({ ask: 'compare', before: old.manifest, after: now.manifest }).answer)
  const hint = manifests.length === 1 && h('p', { class: 'hint' }, 'This is one manifest. Choose two at once to compare them, or drop the project first and then the manifest.')
  byId('trouble').replaceChildren(h('section', { class: 'alone', 'aria-label': 'Comparison' }, hint, comparisonView(comparison, [old.name, now.name])))
}

function compareSection() {
  const earlier = (/** @type {Promise<Given>} */ given) => void take(given, 'before')
  return h('section', { id: 'compare', 'aria-labelledby': 'compare-title' },
    h('h2', { id: 'compare-title' }, 'Compare'),
    h('div', { class: 'drop small' },
      h('p', {}, 'What changed the tag? Drop an earlier state here: a folder, an archive or a manifest.'),
      h('p', { class: 'buttons' },
        h('button', { type: 'button', click: () => pick('folder', earlier) }, 'Choose a folder'),
        h('button', { type: 'button', click: () => pick('file', earlier) }, 'Choose a file'),
        isExample && h('button', { type: 'button', id: 'example-before', click: () => earlier(Promise.resolve({ sources: [async () => example(true)], manifests: [] })) }, 'The example before its last commit'))),
    h('div', { id: 'compared' }))
}

const now = (/** @type {Promise<Given>} */ given) => void take(given, 'now')
listen((given, onCompare) => void take(given, onCompare ? 'before' : 'now'))
byId('pick-folder').addEventListener('click', () => pick('folder', now))
byId('pick-file').addEventListener('click', () => pick('file', now))
byId('example').addEventListener('click', () => {
  prepare()
  // Options that were meant for another project would only be in its way.
  change({ ...DEFAULTS, algorithm: choice.algorithm, service: choice.service })
  now(Promise.resolve({ sources: [async () => example()], manifests: [] }))
})
byId('form').addEventListener('change', () => change(read(choice)))
byId('form').addEventListener('submit', (event) => event.preventDefault())
byId('again').addEventListener('click', () => {
  stop()
  for (const slot of /** @type {const} */ (['now', 'before'])) void asking({ ask: 'close', slot })
  view = before = undefined
  byId('trouble').replaceChildren()
  byId('result').hidden = true
  change(DEFAULTS)
  byId('views').replaceChildren()
  byId('start').hidden = false
  byId('pick-folder').focus()
})
addEventListener('hashchange', () => change(parse(location.hash)))
