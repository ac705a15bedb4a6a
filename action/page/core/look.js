// @ts-check
// Looks at a project through the core, and puts what it found into the form that the page draws.

import { drive } from './host.js'
import { choose } from './choose.js'
import { exactness } from './exact.js'
import { excerpt, lines } from './lines.js'
import { table } from './table.js'

/** @typedef {import('./open.js').Project} Project */
/** @typedef {import('./options.js').Choice} Choice */
/** @typedef {import('./host.js').Host} Host */
/** @typedef {import('../../../pkg/docktag.js').Options} Options */
/** @typedef {import('../../../pkg/docktag.js').Failed} Failed */
/** @typedef {typeof import('../../../pkg/docktag.js')} Docktag */
/** @typedef {Pick<Docktag, 'Session' | 'Batch' | 'Hasher' | 'parseManifest'>} Core */

/**
 * What `docktag inputs --json` says.
 * @typedef {object} Inputs
 * @property {string} service
 * @property {string} tag
 * @property {string} image
 * @property {string | null} dockerfile
 * @property {boolean} whole_context
 * @property {Array<{ path: import('../../../pkg/docktag.js').Path, digest: string, size: number, exec: boolean, why: string, line: number | null }>} files
 * @property {Array<{ path: import('../../../pkg/docktag.js').Path, target: import('../../../pkg/docktag.js').Path, why: string }>} links
 * @property {import('../../../pkg/docktag.js').Path[]} dirs
 * @property {string[]} notes
 * @property {Array<{ path: import('../../../pkg/docktag.js').Path, file: string, line: number | null }>} left_out
 * @property {import('../../../pkg/docktag.js').Path[]} not_read
 */

/**
 * @typedef {object} View
 * @property {string} name the project's
 * @property {Choice} choice the options as they were used
 * @property {string[]} dirs the folders that can be the project folder
 * @property {Array<{ services: string[], image: string, tag: string }>} targets
 * @property {{ tag: string, image: string, service: string, manifest: Uint8Array, notes: string[], dirs: number, whole: boolean }} [found]
 * @property {import('./exact.js').Exactness} [exact]
 * @property {import('./table.js').Table} table
 * @property {import('./lines.js').Lines[]} lines
 * @property {Array<{ level: string, text: string }>} notes
 * @property {Failed} [error]
 * @property {import('./lines.js').Excerpt | null} [excerpt]
 */

/** Where files are that are not in the project. */
const EXTRA = '/docktag/compose.yaml'

/**
 * @param {Core} core
 * @param {Project} project
 * @param {Choice} given
 * @param {Host['tell']} tell
 * @returns {Promise<View>}
 */
export async function look(core, project, given, tell) {
  const choice = choose(project.tree, given)
  const mount = `/${project.from === 'archive' && choice.dir === '' ? project.name.replaceAll('/', '-') || 'drop' : 'drop'}`
  const folder = choice.dir === '' ? mount : `${mount}/${choice.dir}`
  /** @type {Record<string, string>} */
  const extra = choice.mode === 'dockerfile' ? { [EXTRA]: composeFor(choice, folder) } : {}
  /** @type {Host} */
  const host = { tree: project.tree, mount, folder, extra, core, tell }
  project.host = host
  /** @type {View} */
  const view = { name: project.name, choice, dirs: dirs(project), targets: [], table: table(host, undefined), lines: [], notes: [] }
  const run = (/** @type {Options} */ options) => perform(core, host, { ...common(choice, folder), ...options }, view)
  if (choice.mode === 'folder') {
    const session = await run({ command: 'tag', path: choice.path.split('\n') })
    if (!session) return failedAt(host, view)
    const { tag } = JSON.parse(new TextDecoder().decode(session.output(true)))
    const manifest = session.manifest() ?? new Uint8Array()
    view.found = { tag, image: '', service: '', manifest, notes: [], dirs: 0, whole: false }
    view.targets = [{ services: [], image: '', tag }]
    view.table = table(host, { path: choice.path, files: core.parseManifest(manifest, choice.algorithm).files })
    view.exact = exactness(project, host, view.table, choice)
    return view
  }
  const all = await run({ command: 'tag' })
  if (!all) return failedAt(host, view)
  const { targets, algorithm } = JSON.parse(new TextDecoder().decode(all.output(true)))
  view.targets = targets
  choice.algorithm = algorithm
  const names = view.targets.flatMap(({ services }) => services)
  if (!names.includes(choice.service)) choice.service = choice.mode === 'compose' ? names.sort()[0] : ''
  const one = await run({ command: 'inputs', service: choice.mode === 'compose' ? [choice.service] : [] })
  if (!one) return failedAt(host, view)
  /** @type {Inputs} */
  const inputs = JSON.parse(new TextDecoder().decode(one.output(true)))
  const { tag, image, service, notes, whole_context: whole } = inputs
  view.found = { tag, image, service, manifest: one.manifest() ?? new Uint8Array(), notes, dirs: inputs.dirs.length, whole }
  view.table = table(host, inputs)
  view.lines = await lines(host, inputs)
  view.exact = exactness(project, host, view.table, choice)
  return view
}

/**
 * Runs one job. What it says is kept; nothing is given back where it failed.
 * @param {Core} core
 * @param {Host} host
 * @param {Options} options
 * @param {View} view
 */
async function perform(core, host, options, view) {
  const session = new core.Session(options)
  const step = await drive(session, host)
  for (const note of step.notes) if (note.level !== 'detail' && !view.notes.some(({ text }) => text === note.text)) view.notes.push(note)
  if (!step.error) return session
  view.error = step.error
  return undefined
}

/**
 * @param {Host} host
 * @param {View} view
 */
async function failedAt(host, view) {
  if (view.error) view.excerpt = await excerpt(host, view.error)
  return view
}

/**
 * Options of every job.
 * @param {Choice} choice
 * @param {string} folder
 * @returns {Options}
 */
function common(choice, folder) {
  const env = choice.mode === 'compose' ? Object.fromEntries(choice.arg.map((it) => [it.split('=', 1)[0], it.slice(it.indexOf('=') + 1)])) : {}
  const file = choice.mode === 'dockerfile' ? EXTRA : choice.mode === 'compose' ? choice.file : ''
  return {
    // Without a choice, the Compose file's `x-docktag` says which.
    algorithm: choice.mode === 'compose' && choice.algorithm === 'md5' ? 'auto' : choice.algorithm,
    ...(choice.mode !== 'folder' && { file: file ? [file] : [], ...(choice.platform && { platform: choice.platform }) }),
    ...(choice.mode === 'dockerfile' && { 'project-directory': folder }),
    // CI's machines are mostly of this kind; another platform can be chosen.
    host: { folder, architecture: 'x64', env, now: Math.floor(Date.now() / 1000), depth: folder.split('/').length, spelling: 'command-line' },
  }
}

/**
 * A Dockerfile alone, as a service; JSON is YAML.
 * @param {Choice} choice
 * @param {string} folder
 */
function composeFor({ file, target, arg }, folder) {
  const text = (/** @type {string} */ value) => value.replaceAll('$', '$$$$')
  const build = { context: text(folder), ...(file && { dockerfile: text(file) }), ...(target && { target: text(target) }), ...(arg.length > 0 && { args: arg.map(text) }) }
  return JSON.stringify({ services: { image: { build } } })
}

/**
 * Folders at the top, which can be the project folder.
 * @param {Project} project
 */
function dirs({ tree }) {
  const found = ['']
  for (const [name, node] of tree.children) {
    if (node.kind !== 'folder') continue
    found.push(name)
    for (const [inner, child] of node.children) if (child.kind === 'folder' && !inner.startsWith('.')) found.push(`${name}/${inner}`)
  }
  return found.slice(0, 200)
}
