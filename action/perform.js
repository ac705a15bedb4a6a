// @ts-check
// One need, performed. What a hit does not need is loaded only when it is needed: each file takes its half a millisecond.

import { failure } from './failure.js'
import * as files from './files.js'
import { expect, hash } from './hash.js'
import * as http from './http.js'
import { now } from './log.js'
import { NoScratch } from './scratch.js'

/** @typedef {import('../pkg/docktag.js').Session} Session */
/** @typedef {import('../pkg/docktag.js').Need} Need */
/** @typedef {import('../pkg/docktag.js').Answer} Answer */

/**
 * What performing needs.
 * @typedef {object} Host
 * @property {import('./scratch.js').Scratch} scratch the folder of this run
 * @property {number} log the file descriptor of the log
 * @property {string} agent how we call ourselves to registries
 * @property {(text: string) => void} show writes to the log
 */

/**
 * Performs a need; whatever goes wrong is an answer too, but for a folder of the run that cannot be made.
 * @param {Session} session
 * @param {Host} host
 * @param {number} id
 * @param {Need} need
 * @returns {Promise<Answer>}
 */
export async function perform(session, host, id, need) {
  try {
    return await work(session, host, id, need)
  } catch (error) {
    if (error instanceof NoScratch) throw error
    return { failed: failure(error) }
  }
}

/**
 * @param {Session} session
 * @param {Host} host
 * @param {number} id
 * @param {Need} need
 * @returns {Promise<Answer>}
 */
async function work(session, host, id, need) {
  switch (need.need) {
    case 'list':
      return { listing: files.list(need.root, expect) }
    case 'entries':
      return { entries: files.entries(need.folders, expect) }
    case 'read':
      return { bytes: files.readAll(need.path, need.limit).toString('base64') }
    case 'hash':
      return { hashed: await hash(need, (text) => host.show(session.line(text))) }
    case 'exist':
      return { exist: files.exist(need.paths) }
    case 'http':
      return { response: await timed(session, host, id, () => http.send(need.request, host.agent), (response) => response.status) }
    case 'run': {
      await host.scratch.make()
      const programs = await import('./programs.js')
      if (!need.capture) session.hold(`docktag-${crypto.randomUUID()}`)
      return { exited: await timed(session, host, id, () => programs.run(need, host.log), (exited) => exited.code) }
    }
    case 'objects': {
      const { hashObjects } = await import('./hash-objects.js')
      return { hashed: (await timed(session, host, id, () => hashObjects(need.command, need.algorithm, host.log), ({ code }) => code)).hashed }
    }
    case 'write': {
      if (need.path.startsWith(`${host.scratch.folder}/`)) await host.scratch.make()
      files.write(need.path, session.bytes(id) ?? new Uint8Array(), need.how)
      return 'done'
    }
    case 'stage': {
      await host.scratch.make()
      const { stage } = await import('./stage.js')
      stage(need)
      return 'done'
    }
    case 'mirror':
      await host.scratch.make()
      files.mirror(need.from, need.to, need.except)
      return 'done'
    case 'wait':
      await new Promise((resolve) => setTimeout(resolve, need.milliseconds))
      return 'done'
  }
}

/**
 * Does what takes time between the lines that announce it and tell how it went.
 * @template T
 * @param {Session} session
 * @param {Host} host
 * @param {number} id
 * @param {() => Promise<T>} run
 * @param {(value: T) => number | null} outcome
 */
async function timed(session, host, id, run, outcome) {
  const start = now()
  const took = () => Math.round(now() - start)
  host.show(session.begin(id))
  try {
    const value = await run()
    host.show(session.end(id, outcome(value), took()))
    return { ...value, milliseconds: took() }
  } catch (error) {
    host.show(session.end(id, failure(error).message, took()))
    throw error
  }
}
