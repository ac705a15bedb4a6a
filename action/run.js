// @ts-check
// One run of docktag in Node: what is known of the machine, a session, and everything removed in the end.

import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { Session } from './core.js'
import { drive } from './drive.js'
import { failure } from './failure.js'
import * as hash from './hash.js'
import * as http from './http.js'
import { write } from './log.js'
import { NoScratch, removeAbandoned, scratchIn } from './scratch.js'

/** @typedef {import('../pkg/docktag.js').Options} Options */
/** @typedef {import('../pkg/docktag.js').Voice} Voice */

/** The version of the package, which is that of the core. */
export const { version } = JSON.parse(readFileSync(new URL('../pkg/package.json', import.meta.url), 'utf8'))

/** What a shell reports for a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130

/**
 * Runs a job in the project folder.
 * @param {Options} options
 * @param {Voice} voice
 * @param {{ directory: string, log: number }} settings the folder, and the file descriptor of the log
 * @returns {Promise<{ exit: number, session: Session }>}
 */
export async function run(options, voice, { directory, log }) {
  const show = (/** @type {string} */ text) => write(log, text)
  const fail = (/** @type {string} */ place, /** @type {unknown} */ error, /** @type {string} */ help) => {
    const session = new Session({}, voice)
    show(session.fail(place, failure(error).message, help))
    return { exit: 2, session }
  }
  if (directory) {
    try {
      process.chdir(directory)
    } catch (error) {
      return fail(directory, error, `name the project folder with \`${options.inputs ? 'working-directory' : '-C'}\`, relative to the current one`)
    }
  }
  const temporary = process.env.RUNNER_TEMP || tmpdir()
  const noFolder = (/** @type {unknown} */ error) => fail(temporary, error, `point ${process.env.RUNNER_TEMP ? 'RUNNER_TEMP' : 'TMPDIR'} at a folder that can be written`)
  try {
    // A step leaves its manifest there in the end: better heard of before anything is done.
    if (process.env.RUNNER_TEMP) accessSync(temporary, constants.W_OK)
  } catch (error) {
    return noFolder(error)
  }
  const scratch = scratchIn(temporary)
  const session = new Session({ ...options, host: { ...facts(directory), ...options.host, scratch: scratch.folder } }, { ...voice, folder: folder() })
  const stop = watch(async () => {
    show(session.line('interrupted: ending what was started'))
    await (await import('./programs.js')).endAll()
    show(session.released())
    await scratch.remove()
  })
  try {
    await removeAbandoned(temporary)
    const { exit } = await drive(session, { scratch, log, agent: `docktag/${version}`, show })
    return { exit, session }
  } catch (error) {
    if (!(error instanceof NoScratch)) throw error
    return noFolder(error.cause)
  } finally {
    stop()
    http.close()
    await scratch.remove()
    await hash.close()
  }
}

/**
 * Facts that a job needs.
 * @param {string} directory
 */
function facts(directory) {
  const slashes = (/** @type {string} */ folder) => folder.replaceAll(path.sep, '/')
  const real = process.cwd()
  const named = namedFolder(directory, real)
  const linked = named !== real
  return {
    env: linked || (directory && path.sep === '/') ? { ...process.env, PWD: named } : { ...process.env },
    folder: slashes(named),
    linked,
    temporary: slashes(process.env.RUNNER_TEMP || tmpdir()),
    architecture: process.arch,
    now: Math.floor(Date.now() / 1000),
    dockerConfig: process.env.DOCKER_CONFIG || path.join(homedir(), '.docker'),
    listSeparator: path.delimiter,
    depth: process.cwd().split(path.sep).length,
    windows: process.platform === 'win32',
  }
}

/**
 * The working folder as the user names it: `PWD`, and from there the directory that was entered. There may be links on this way.
 * @param {string} directory
 * @param {string} real
 */
function namedFolder(directory, real) {
  const { PWD } = process.env
  if (!PWD?.startsWith('/') || path.sep !== '/') return real
  const named = path.resolve(PWD, directory)
  const [a, b] = [named, real].map((folder) => statSync(folder, { throwIfNoEntry: false }))
  return a && b && a.dev === b.dev && a.ino === b.ino ? named : real
}

/** The project folder below the checkout, for annotations. */
function folder() {
  const checkout = process.env.GITHUB_WORKSPACE
  const below = checkout ? path.relative(checkout, process.cwd()) : ''
  return below.startsWith('..') || path.isAbsolute(below) ? '' : below.replaceAll(path.sep, '/')
}

/**
 * On a signal everything is ended and removed, then we end.
 * @param {() => Promise<void>} end
 * @returns {() => void} stops watching
 */
function watch(end) {
  const interrupted = () => void end().then(() => process.exit(INTERRUPTED))
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.once(signal, interrupted)
  return () => signals.forEach((signal) => process.removeListener(signal, interrupted))
}
