// @ts-check
// The folder of a run. Who is killed can neither remove it nor end what it started, so the next run does: in its folder a run listens on a
// socket, which ends with the process, however that ends. The native program does the same, and both clean up after each other.

import { lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { now } from './log.js'

/** How the folders of runs begin; nothing else begins so. */
const PREFIX = 'docktag-run-'
/** A folder without a socket belongs to a run that is about to make it, or was killed before it could. In milliseconds. */
const YOUNG = 60_000
/** How long a program may take to end by itself, in milliseconds. */
const GRACE = 10_000

/** The folder of this run cannot be made: there is no point in going on. */
export class NoScratch extends Error {}

/**
 * The folder of a run.
 * @typedef {object} Scratch
 * @property {string} folder where it is, or will be
 * @property {() => Promise<void>} make makes it, once; who gives it to a program or writes into it waits for this; fails with `NoScratch`
 * @property {() => Promise<void>} remove removes it, where it was made
 */

/**
 * The folder of this run, in one for temporary files. It is made when something needs it: most runs find that nothing is to be done.
 * @param {string} parent
 * @returns {Scratch}
 */
export function scratchIn(parent) {
  // Short, since the path of a socket must be.
  const folder = path.join(parent, PREFIX + Math.random().toString(36).slice(2, 8).padEnd(6, '0'))
  /** @type {Promise<import('node:net').Server | undefined> | undefined} */
  let made
  return {
    folder,
    make: async () => {
      made ??= make(folder)
      await made
    },
    remove: async () => {
      const server = await made?.catch(() => undefined)
      server?.close()
      if (made) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** @param {string} folder */
async function make(folder) {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    throw new NoScratch(folder, { cause })
  }
  return process.platform === 'win32' ? undefined : claim(folder)
}

/**
 * From now on this folder belongs to a run. Where no socket can be made, nobody will take it away.
 * @param {string} folder
 */
async function claim(folder) {
  const { createServer } = await import('node:net')
  const server = createServer((socket) => socket.destroy()).unref()
  // It gets its name when somebody listens: before, it would look like one that was left.
  const fresh = path.join(folder, 'new')
  const isListening = await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(fresh, () => resolve(true))
  })
  const name = path.join(folder, 'alive')
  // Its path may be too long for one, or the file system may have none.
  if (isListening) renameSync(fresh, name)
  else writeFileSync(name, '')
  return server
}

/**
 * Removes the folders of runs that were killed.
 * @param {string} parent
 */
export async function removeAbandoned(parent) {
  if (process.platform === 'win32') return
  let names
  try {
    names = readdirSync(parent)
  } catch {
    return // who has to make a folder there will hear the same
  }
  const folders = names.filter((name) => name.startsWith(PREFIX)).map((name) => path.join(parent, name))
  await Promise.all(folders.map(async (folder) => {
    try {
      if (!(await isAbandoned(folder))) return
      await endUsers(folder)
      // Another run may do the same.
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // It is somebody else's, or gone.
    }
  }))
}

/** @param {string} folder */
async function isAbandoned(folder) {
  const known = lstatSync(folder)
  if (!known.isDirectory() || known.uid !== process.geteuid?.()) return false
  const name = path.join(folder, 'alive')
  const alive = lstatSync(name, { throwIfNoEntry: false })
  if (!alive) return Date.now() - known.mtimeMs > YOUNG
  return alive.isSocket() && isRefused(name)
}

/**
 * @param {string} socket
 * @returns {Promise<boolean>}
 */
async function isRefused(socket) {
  const { connect } = await import('node:net')
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(false)
    })
    connection.once('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve(error.code === 'ECONNREFUSED'))
  })
}

/**
 * Ends the programs that were given something in this folder: they would fill it again.
 * @param {string} folder
 */
async function endUsers(folder) {
  const start = now()
  /** @type {Set<number>} */
  const told = new Set()
  for (let users = usersOf(folder); users.length > 0 && now() - start < 2 * GRACE; users = usersOf(folder)) {
    const isLate = now() - start > GRACE
    for (const user of users.filter((it) => isLate || !told.has(it))) {
      told.add(user)
      try {
        process.kill(user, isLate ? 'SIGKILL' : 'SIGINT')
      } catch {
        // It has ended.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * The processes of this user that have the folder among their arguments or variables. Only Linux tells.
 * @param {string} folder
 */
function usersOf(folder) {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').map(Number).filter((id) => id > 0 && id !== process.pid && ['cmdline', 'environ'].some((file) => {
    try {
      return readFileSync(`/proc/${id}/${file}`).includes(folder)
    } catch {
      return false
    }
  }))
}
