// @ts-check
// Hands a project to the worker.

import * as progress from './progress.js'

/** @typedef {import('../core/open.js').Source} Source */

/** So many files go at a time: between two messages the page has its turn. */
const CHUNK = 500

/**
 * @param {Source} source
 * @param {import('../core/worker.js').Slot} slot
 * @param {import('./busy.js').Ask} ask
 * @param {() => void} check throws where nobody waits any more
 */
export async function send(source, slot, ask, check) {
  if (source.kind !== 'files') return ask({ ask: 'open', slot, source }).answer
  for (let at = 0; at < source.files.length; at += CHUNK) {
    check()
    progress.tell({ phase: 'reading', files: at, of: 0, bytes: 0, share: 0 })
    await ask({ ask: 'add', files: source.files.slice(at, at + CHUNK) }).answer
  }
  return ask({ ask: 'open', slot, source: { ...source, files: [] } }).answer
}
