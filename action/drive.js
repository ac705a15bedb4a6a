// @ts-check
// The loop: step the session, perform its needs at once, bring the answers back. Nothing is decided here.

import { perform } from './perform.js'

/** @typedef {import('../pkg/docktag.js').Answer} Answer */

/**
 * Runs a session to its end.
 * @param {import('../pkg/docktag.js').Session} session
 * @param {import('./perform.js').Host} host
 * @returns {Promise<import('../pkg/docktag.js').Step>}
 */
export async function drive(session, host) {
  /** @type {Array<[number, Answer]>} */
  let ready = []
  /** What an answer cannot tell. @type {unknown} */
  let broken
  let wake = () => {}
  for (;;) {
    const step = session.step(ready)
    host.show(step.log)
    if (!step.needs) return step
    ready = []
    for (const [id, need] of step.needs) {
      void perform(session, host, id, need)
        .then((value) => ready.push([id, value]), (error) => (broken = error))
        .then(() => wake())
    }
    await new Promise((resolve) => (wake = () => resolve(undefined)))
    if (broken) throw broken
  }
}
