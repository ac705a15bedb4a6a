// @ts-check
// Hands a project to the worker, piece by piece as the browser gives it.

import * as progress from './progress.js'

/** @typedef {import('../core/open.js').Source} Source */
/**
 * What takes a folder in; each throws where the user has had enough.
 * @typedef {object} Hands
 * @property {() => void} check
 * @property {(files: Array<[path: string, file: File]>, of: number) => Promise<void>} add hands over some of so many files, or of zero where that is not known yet
 */

/** Messages that the worker has not done with while the next files are asked for: as many files are being read at a time. */
const AHEAD = 8

/**
 * @param {(hands: Hands) => Promise<Source>} make
 * @param {import('../core/worker.js').Slot} slot
 * @param {import('../core/options.js').Choice['algorithm']} algorithm
 * @param {{ check: () => void, ask: import('./busy.js').Ask }} run
 */
export async function send(make, slot, algorithm, { check, ask }) {
  let count = 0
  /** What the worker has not taken yet. @type {Promise<unknown>[]} */
  const sent = []
  /** @type {Hands['add']} */
  const add = async (files, of) => {
    check()
    const isFirst = count === 0
    count += files.length
    progress.tell({ phase: 'reading', files: count, of, bytes: 0, share: count / (of || 1) })
    const { answer } = ask({ ask: 'add', isFirst, files, algorithm })
    // Where it fails, it is waited for below.
    answer.catch(() => {})
    sent.push(answer)
    if (sent.length > AHEAD) await sent.shift()
  }
  const source = await make({ check, add })
  // The worker must not take files of another folder for those of an empty one.
  if (count === 0 && source.kind === 'files') await add([], 0)
  await Promise.all(sent)
  await ask({ ask: 'open', slot, source }).answer
  return source.kind
}
