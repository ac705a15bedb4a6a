// @ts-check
// The options as a form.

import { byId, h } from './dom.js'
import { shown } from './format.js'

/** @typedef {import('../core/options.js').Choice} Choice */

const NAMES = { compose: 'Compose file', dockerfile: 'Dockerfile', folder: 'plain folder', '': '' }

/** Fields that were typed in, and not read yet. @type {Set<string>} */
const typed = new Set()
form().addEventListener('input', ({ target }) => typed.add(/** @type {HTMLInputElement} */ (target).name))

/** @returns {HTMLFormElement} */
function form() {
  return /** @type {HTMLFormElement} */ (byId('form'))
}

/**
 * Shows options as they are used.
 * @param {Choice} choice
 * @param {string[]} dirs
 */
export function fill(choice, dirs) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form().elements.namedItem(name))
  field('dir').replaceChildren(...dirs.map((dir) => h('option', { value: dir }, dir === '' ? '(what was dropped)' : shown(dir))))
  const show = (/** @type {string} */ name, /** @type {string} */ value) => {
    // What is being typed is not taken away.
    if (!typed.has(name)) field(name).value = value
  }
  for (const name of /** @type {const} */ (['mode', 'dir', 'path', 'file', 'target', 'platform', 'algorithm'])) show(name, choice[name])
  show('arg', choice.arg.join('\n'))
  for (const label of form().querySelectorAll('label')) {
    const { modes } = label.dataset
    label.hidden = modes !== undefined && !modes.split(' ').includes(choice.mode)
  }
  const isCompose = choice.mode === 'compose'
  byId('file-label').textContent = isCompose ? 'Compose file' : 'Dockerfile'
  field('file').placeholder = isCompose ? 'found by itself' : 'Dockerfile'
  byId('arg-label').textContent = isCompose ? 'Variables for the Compose file' : 'Build arguments'
  const said = [NAMES[choice.mode], choice.mode === 'folder' && choice.path, choice.file, choice.target, choice.platform, choice.algorithm, ...choice.arg]
  byId('options-said').textContent = shown(said.filter((it) => it).join(' · '))
}

/**
 * What the form says.
 * @param {Choice} before options that have no field
 * @returns {Choice}
 */
export function read(before) {
  typed.clear()
  const given = new FormData(form())
  const text = (/** @type {string} */ name) => String(given.get(name) ?? '').trim()
  return {
    ...before,
    mode: /** @type {Choice['mode']} */ (text('mode')),
    dir: text('dir'),
    path: text('path'),
    file: text('file'),
    target: text('target'),
    platform: text('platform'),
    algorithm: text('algorithm') === 'sha256' ? 'sha256' : 'md5',
    arg: text('arg').split('\n').map((line) => line.trim()).filter((line) => line !== ''),
  }
}
