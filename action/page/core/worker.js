// @ts-check
// The worker: has the core and the files. The page only draws what it is told.

import * as docktag from '../../../pkg/web.js'
import { ahead } from './ahead.js'
import { algorithmOf, compare } from './compare.js'
import { diffFiles } from './diff.js'
import { Cancelled } from './failure.js'
import { look } from './look.js'
import { open } from './open.js'
import { failed, Trouble } from './trouble.js'

/** @typedef {import('./open.js').Source} Source */
/** @typedef {import('./options.js').Choice} Choice */
/** @typedef {import('../../../pkg/docktag.js').Failed} Failed */
/** @typedef {'now' | 'before'} Slot the state that is looked at, and the one to compare it with */

/**
 * @typedef {{ id: number, ask: 'add', isFirst: boolean, files: Array<[path: string, file: File]>, algorithm: Choice['algorithm'] }
 *   | { id: number, ask: 'open', slot: Slot, source: Source }
 *   | { id: number, ask: 'look', slot: Slot, choice: Choice }
 *   | { id: number, ask: 'compare', before: Uint8Array, after: Uint8Array }
 *   | { id: number, ask: 'diff', path: string }
 *   | { id: number, ask: 'close', slot: Slot }
 *   | { id: number, ask: 'prepare' }
 *   | { id: number, ask: 'cancel' }} Question
 */
/** @typedef {{ phase: 'reading' | 'hashing', files: number, of: number, bytes: number, share: number }} Progress */
/** @typedef {{ id: number, progress?: Progress, result?: unknown, error?: Failed, cancelled?: boolean }} Reply */

/** Nobody sees more than so many changes of a number. */
const EVERY = 80

// The half that hashes and compares is there early; the one that reads projects comes when there is one.
docktag.initFirst().catch(() => {})
/** @type {Map<Slot, import('./open.js').Project>} */
const projects = new Map()
/** Files of the folder that is opened next: a browser takes long for many of them at once. @type {import('./hash.js').Named[]} */
let added = []
/** @type {ReturnType<typeof ahead> | undefined} */
let hashing
/** Questions that nobody waits for any more. @type {Set<number>} */
const cancelled = new Set()

addEventListener('message', ({ data }) => void receive(data))

/** @param {Question} question */
async function receive(question) {
  const { id } = question
  if (question.ask === 'cancel') return cancelled.add(id)
  try {
    await docktag.initFirst()
    say({ id, result: await answer(question) })
  } catch (error) {
    say(error instanceof Cancelled ? { id, cancelled: true } : { id, error: failed(error) })
  }
  cancelled.delete(id)
}

/** @param {Exclude<Question, { ask: 'cancel' }>} question */
async function answer(question) {
  switch (question.ask) {
    case 'add':
      return add(question)
    case 'open':
      return keep(question.slot, await open(whole(question.source), (files) => progress(question.id, { phase: 'reading', files, of: 0, bytes: 0, share: 0 })))
    case 'look':
      return see(question.id, question.slot, question.choice)
    case 'compare':
      return compare(docktag, question.before, question.after, algorithmOf(question.after))
    case 'diff': {
      const [before, after] = [projects.get('before')?.host, projects.get('now')?.host]
      if (!before || !after) throw new Error('nothing is open')
      return diffFiles([before, after], question.path)
    }
    case 'close':
      projects.delete(question.slot)
      return
    case 'prepare':
      // Whoever needs it waits for it, and hears what is wrong.
      docktag.initRest().catch(() => {})
  }
}

/** @param {Question & { ask: 'add' }} question */
function add({ isFirst, files, algorithm }) {
  if (isFirst) {
    // Of another folder, which nobody waits for any more, some can be left.
    added = []
    hashing?.end()
    hashing = ahead(docktag, algorithm)
  }
  const named = files.map(([path, file]) => /** @type {import('./hash.js').Named} */ ([path, { kind: 'file', size: file.size, blob: file }]))
  added.push(...named)
  return hashing?.take(named)
}

/**
 * A folder with the files that were sent before.
 * @param {Source} source
 * @returns {Source}
 */
function whole(source) {
  if (source.kind !== 'files') return source
  hashing?.end()
  const files = added
  added = []
  return { ...source, files }
}

/**
 * @param {Slot} slot
 * @param {import('./open.js').Project} project
 */
function keep(slot, project) {
  projects.set(slot, project)
  return { name: project.name, count: project.count }
}

/**
 * @param {number} id
 * @param {Slot} slot
 * @param {Choice} choice
 */
async function see(id, slot, choice) {
  const project = projects.get(slot)
  if (!project) throw new Error('nothing is open')
  await docktag.initRest().catch(() => {
    throw new Trouble('the part of this page that reads projects could not be loaded', 'connect to the network, and try again; no file is sent')
  })
  let [done, read] = [0, 0]
  return look(docktag, project, choice, (files, bytes, all) => {
    done += files
    read += bytes
    // What is known already has no bytes to read, and large files are long on their way.
    const share = Math.min(1, Math.max(done / all.files, read / all.bytes || 0))
    progress(id, { phase: 'hashing', files: done, of: Math.max(all.files, done), bytes: read, share })
  })
}

let last = 0

/**
 * @param {number} id
 * @param {Progress} progress
 */
function progress(id, progress) {
  if (cancelled.has(id)) throw new Cancelled()
  const now = performance.now()
  if (now - last < EVERY) return
  last = now
  say({ id, progress })
}

/** @param {Reply} reply */
function say(reply) {
  postMessage(reply)
}
