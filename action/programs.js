// @ts-check
// Running programs, and ending them when we have to end.

import { spawn } from 'node:child_process'
import { lstatSync } from 'node:fs'
import { isatty } from 'node:tty'
import { now, write } from './log.js'

/** @typedef {import('../pkg/docktag.js').Command} Command */
/** @typedef {import('../pkg/docktag.js').Exited} Exited */

/** The programs that run. Each has a process group of its own, so that everything it started can be ended with it. */
const running = new Set()
let ending = false

/** So many bytes are kept of what is passed on to the log. */
const KEPT = 16 * 1024
/** Milliseconds. */
const GRACE = 5_000

/**
 * Returns the file of a program on Windows, or nothing if there is none: a path as it is, a name from the absolute folders of PATH.
 * Otherwise libuv takes the file of the current folder first, which is the project's (src/win/process.c, `search_path`). The variable
 * NoDefaultCurrentDirectoryInExePath turns that off since libuv 1.48; Node 20 has 1.46. Node starts no other files than .com and .exe.
 * @param {string} program
 * @param {string} path the value of PATH
 * @param {(file: string) => boolean} exists
 * @returns {string | undefined}
 */
export function onWindows(program, path, exists) {
  if (/[\\/:]/.test(program)) return program
  const names = /\.(com|exe)$/i.test(program) ? [program] : [`${program}.com`, `${program}.exe`]
  // Quotes keep a semicolon inside a folder's name. A folder such as `\tools` is on the drive of the current folder.
  const folders = (path.match(/(?:"[^"]*"?|[^;"])+/g) ?? []).map((entry) => entry.replaceAll('"', ''))
  const absolute = folders.filter((folder) => /^(?:[a-z]:[\\/]|[\\/]{2})/i.test(folder))
  return absolute.flatMap((folder) => names.map((name) => `${folder.replace(/[\\/]+$/, '')}\\${name}`)).find(exists)
}

/**
 * @param {string} file a link counts without its target: an alias of a store app can be started, but not opened
 */
function exists(file) {
  try {
    return !lstatSync(file).isDirectory()
  } catch {
    return false
  }
}

/**
 * Runs a program to its end. What it prints is captured, or goes to the log.
 * @param {Command} command
 * @param {number} log the file descriptor of the log
 * @param {(data: Buffer) => void} [take] gets what it prints as it comes; nothing of that is kept
 * @returns {Promise<Omit<Exited, 'milliseconds'>>}
 */
export function run(command, log, take) {
  const [program, ...args] = command.argv
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...command.env }
  for (const name of command.envRemove) delete env[name]
  return new Promise((resolve, reject) => {
    // When we are about to end, nothing new begins.
    if (ending) return
    // A terminal is the program's own, except in a CI job, which can have a terminal whose output only goes to a log.
    const isPassedOn = !command.capture && !(isatty(log) && ['', 'false', undefined].includes(process.env.CI))
    const output = command.capture || isPassedOn ? 'pipe' : log
    const file = process.platform === 'win32' ? onWindows(program, process.env.PATH ?? '', exists) : program
    if (file === undefined) throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: 'ENOENT' })
    const child = spawn(file, args, {
      env,
      stdio: [command.stdin === null ? 'ignore' : 'pipe', output, output],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    running.add(child)
    /** @type {Buffer[]} */
    const stdout = []
    /** @type {Buffer[]} */
    const stderr = []
    let end = Buffer.alloc(0)
    /** @param {Buffer} data */
    const pass = (data) => {
      write(log, data)
      end = Buffer.concat([end, data]).subarray(-KEPT)
    }
    child.stdout?.on('data', (data) => {
      try {
        if (isPassedOn) pass(data)
        else if (take) take(data)
        else stdout.push(data)
      } catch (error) {
        child.kill()
        reject(error)
      }
    })
    child.stderr?.on('data', (data) => (isPassedOn ? pass(data) : stderr.push(data)))
    // A program that does not read its input ends on its own terms.
    child.stdin?.on('error', () => {})
    child.stdin?.end(command.stdin)
    child.on('error', (error) => {
      running.delete(child)
      reject(error)
    })
    // Processes that the program leaves running keep the pipe open.
    if (isPassedOn) child.on('exit', () => setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => pipe?.destroy()), GRACE).unref())
    child.on('close', (code) => {
      running.delete(child)
      if (isPassedOn) stderr.push(end)
      // A program that ended because of the signal is nothing to draw conclusions from.
      if (!ending) resolve({ code, stdout: Buffer.concat(stdout).toString('base64'), stderr: Buffer.concat(stderr).toString('base64') })
    })
  })
}

/**
 * Ends every program: politely, and after some seconds for sure. The runner gives a cancelled step 7.5 s before it grows rude
 * (GitHub docs, "Workflow cancellation reference").
 */
export async function endAll() {
  ending = true
  const groups = [...running].map((child) => child.pid).filter((pid) => pid !== undefined)
  signal(groups, 'SIGINT')
  const start = now()
  while (groups.some(lives) && now() - start < 5_000) await new Promise((resolve) => setTimeout(resolve, 20))
  signal(groups, 'SIGKILL')
}

/**
 * @param {number[]} groups
 * @param {NodeJS.Signals | 0} name
 */
function signal(groups, name) {
  return groups.filter((pid) => {
    try {
      return process.kill(process.platform === 'win32' ? pid : -pid, name)
    } catch {
      return false // it has ended
    }
  })
}

/** @param {number} group */
function lives(group) {
  return signal([group], 0).length > 0
}
