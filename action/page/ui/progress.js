// @ts-check
// How far it is, and a way out. What takes no time shows nothing.

import { byId } from './dom.js'
import { bytes, plural } from './format.js'

const PATIENCE = 150
/** Nobody sees more changes of a number, and each is drawn anew. */
const EVERY = 100
let last = 0
let cancel = () => {}
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/** @param {() => void} onCancel */
export function begin(onCancel) {
  cancel = onCancel
  byId('progress-text').textContent = 'Reading'
  byId('progress-bar').removeAttribute('value')
  clearTimeout(timer)
  timer = setTimeout(show, PATIENCE)
}

function show() {
  const panel = byId('progress')
  // On the start page it has a place of its own; a result is long, and it is over its end.
  if (byId('start').hidden) byId('trouble').before(panel)
  else byId('facts').before(panel)
  panel.hidden = false
  panel.scrollIntoView({ block: 'nearest' })
}

/** What each phase is called. */
const WORDS = { reading: 'Reading', hashing: 'Hashing' }

/** @param {import('../core/worker.js').Progress} progress */
export function tell({ phase, files, of, bytes: count, share }) {
  const now = performance.now()
  if (now - last < EVERY) return
  last = now
  const all = of > 0 ? `${files.toLocaleString('en')} of ${plural(of, 'file')}` : plural(files, 'file')
  byId('progress-text').textContent = `${WORDS[phase]}: ${all}${count > 0 ? `, ${bytes(count)}` : ''}`
  const bar = /** @type {HTMLProgressElement} */ (byId('progress-bar'))
  if (of > 0) bar.value = share
}

export function end() {
  clearTimeout(timer)
  cancel = () => {}
  byId('progress').hidden = true
}

byId('cancel').addEventListener('click', () => cancel())
