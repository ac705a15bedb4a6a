// @ts-check
// One piece of work at a time, with its progress, a way out, and its errors shown.

import { ask, Refused, Stopped } from './client.js'
import { announce, byId } from './dom.js'
import * as progress from './progress.js'
import { troubleView } from './trouble.js'

/** @typedef {typeof ask} Ask */

/** Ends what is under way. */
let stopCurrent = () => {}

export function stop() {
  stopCurrent()
}

/**
 * Does something that takes time, in place of what was under way.
 * @param {(run: { check: () => void, ask: Ask }) => Promise<void>} work `check` throws where nobody waits any more
 */
export async function busy(work) {
  stop()
  let isGoing = true
  let cancel = () => {}
  const mine = () => {
    isGoing = false
    cancel()
    progress.end()
  }
  stopCurrent = mine
  progress.begin(() => {
    mine()
    announce('cancelled')
  })
  byId('trouble').replaceChildren()
  /** @type {any} */
  const asking = (/** @type {Parameters<Ask>[0]} */ question) => {
    const asked = ask(question, (it) => isGoing && progress.tell(it))
    cancel = asked.cancel
    return asked
  }
  const check = () => {
    if (!isGoing) throw new Stopped()
  }
  try {
    await work({ check, ask: asking })
  } catch (error) {
    if (error instanceof Stopped || !isGoing) return
    const { message } = /** @type {Error} */ (error)
    const unforeseen = { code: 'page', place: null, line: null, column: null, message, help: 'try again; an archive of the folder can help' }
    byId('trouble').replaceChildren(troubleView(error instanceof Refused ? error.failed : unforeseen))
  } finally {
    if (stopCurrent === mine) progress.end()
  }
}
