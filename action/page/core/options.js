// @ts-check
// What a user can choose. All of it stands in the URL's fragment, so that a view can be linked; nothing about the files does.

/**
 * @typedef {object} Choice
 * @property {'' | 'compose' | 'dockerfile' | 'folder'} mode what tells the inputs; empty: what is there
 * @property {string} dir the project folder in what was dropped
 * @property {string} path the folder whose files count, with the mode `folder`
 * @property {string} file the Compose file or Dockerfile
 * @property {string} service
 * @property {string} target the stage, with the mode `dockerfile`
 * @property {string} platform
 * @property {'md5' | 'sha256'} algorithm
 * @property {string[]} arg build arguments, or variables for Compose, as NAME=value
 */

/** @type {Choice} */
export const DEFAULTS = { mode: '', dir: '', path: '', file: '', service: '', target: '', platform: '', algorithm: 'md5', arg: [] }
const MODES = ['compose', 'dockerfile', 'folder']

/**
 * @param {string} fragment with or without `#`
 * @returns {Choice}
 */
export function parse(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ''))
  const text = (/** @type {string} */ name) => given.get(name) ?? ''
  const mode = MODES.includes(text('mode')) ? /** @type {Choice['mode']} */ (text('mode')) : ''
  const algorithm = text('algorithm') === 'sha256' ? 'sha256' : 'md5'
  const [dir, path, file, service, target, platform] = ['dir', 'path', 'file', 'service', 'target', 'platform'].map(text)
  return { mode, dir, path, file, service, target, platform, algorithm, arg: given.getAll('arg').filter((it) => it !== '') }
}

/**
 * The fragment for options, without those that have their default.
 * @param {Choice} choice
 */
export function render(choice) {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(choice)) {
    if (Array.isArray(value)) value.forEach((one) => given.append(name, one))
    else if (value !== DEFAULTS[/** @type {'mode'} */ (name)]) given.set(name, value)
  }
  return given.toString()
}
