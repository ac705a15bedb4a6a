// @ts-check
// Hands a project to the worker, piece by piece as the browser gives it.

import * as progress from './progress.js'

/** @typedef {import('../core/open.js').Source} Source */
/** @typedef {(files: Array<[path: string, file: File]>) => Promise<void>} Add hands over files of a folder; throws where the user has had enough */

/** Messages that may be on their way while the next files are asked for. */
const AHEAD = 8

/**
 * @param {(add: Add) => Promise<Source>} make
 * @param {import('../core/worker.js').Slot} slot
 * @param {import('../core/options.js').Choice['algorithm']} algorithm
 * @param {{ check: () => void, ask: import('./busy.js').Ask }} run
 */
export async function send(make, slot, algorithm, { check, ask }) {
  let count = 0
  /** What the worker has not taken yet. @type {Promise<unknown>[]} */
  const sent = []
  /** @type {Add} */
  const add = async (files) => {
    check()
    const isFirst = count === 0
    count += files.length
    progress.tell({ phase: 'reading', files: count, of: 0, bytes: 0, share: 0 })
    const { answer } = ask({ ask: 'add', isFirst, files, algorithm })
    // Where it fails, it is waited for below.
    answer.catch(() => {})
    sent.push(answer)
    if (sent.length > AHEAD) await sent.shift()
  }
  const source = await make(add)
  await Promise.all(sent)
  await ask({ ask: 'open', slot, source }).answer
  return source.kind
}
