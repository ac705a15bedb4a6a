// @ts-check
// Running programs, and ending them when we have to end.

import { spawn } from 'node:child_process'
import { now } from './log.js'

/** @typedef {import('../pkg/docktag.js').Command} Command */
/** @typedef {import('../pkg/docktag.js').Exited} Exited */

/** The programs that run. Each has a process group of its own, so that everything it started can be ended with it. */
const running = new Set()
let ending = false

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
    const output = command.capture ? 'pipe' : log
    const child = spawn(program, args, {
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
    child.stdout?.on('data', (data) => {
      try {
        if (take) take(data)
        else stdout.push(data)
      } catch (error) {
        child.kill()
        reject(error)
      }
    })
    child.stderr?.on('data', (data) => stderr.push(data))
    // A program that does not read its input ends on its own terms.
    child.stdin?.on('error', () => {})
    child.stdin?.end(command.stdin)
    child.on('error', (error) => {
      running.delete(child)
      reject(error)
    })
    child.on('close', (code) => {
      running.delete(child)
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
