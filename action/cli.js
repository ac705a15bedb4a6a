#!/usr/bin/env node
// @ts-check
// The command line in Node: the same options as the native program, from the same definition.

import { readFileSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import { parseArgs } from 'node:util'
import { definitions } from './core.js'
import { readStandardInput } from './files.js'
import { write } from './log.js'
import { run, version } from './run.js'

/** @typedef {import('../pkg/docktag.js').Definition} Definition */

const JOBS = ['tag', 'manifest', 'inputs', 'explain', 'why', 'model', 'backtest', 'env', 'plan', 'build', 'join', 'pull', 'prune']
/**
 * Node looks for this option behind the name of the script too, and obeys the file before anything of ours runs
 * (nodejs/node#54232; seen in 20.20, 22.23 and 24.21). So no workflow that works has it.
 */
const ENV_FILE = '--env-file'
/** A longer text is no password or token. */
const PASSWORD_LIMIT = 64 * 1024
const HELP = `Build a Docker image only where the registry lacks it: the hash of everything that goes in is its tag

Usage: docktag ${JOBS.join('|')} [SERVICE...] [OPTIONS]
       docktag COMMAND --help
`

process.exitCode = await main(process.argv.slice(2))

/** @param {string[]} args */
async function main([command, ...args]) {
  if (command === '--version' || command === '-V') return print(`docktag ${version}\n`)
  if (command === '--help' || command === '-h') return print(HELP)
  if (!JOBS.includes(command)) return refuse(`\`${command ?? ''}\` is none of ${JOBS.join(', ')}`)
  if (args.some((arg) => arg === ENV_FILE || arg.startsWith(`${ENV_FILE}=`))) {
    return refuse(`\`${ENV_FILE}\` is an option of Node too, which runs the programs that the file names in NODE_OPTIONS; set DOCKTAG_ENV_FILE instead`)
  }
  const options = definitions().filter((it) => it.commandLine && it.jobs.includes(command))
  if (args.includes('--help') || args.includes('-h')) return print(help(command, options))
  let given
  try {
    given = read(options, args)
    Object.assign(given, password(given))
  } catch (error) {
    return refuse(/** @type {Error} */ (error).message)
  }
  const voice = {
    verbose: given.verbose === true,
    color: given.color === 'always' || (given.color !== 'never' && isatty(2) && !process.env.NO_COLOR),
    github: process.env.GITHUB_ACTIONS === 'true',
    shown: isReadByPeople(),
  }
  const settings = { directory: String(given.directory ?? ''), log: 2 }
  const { exit, session } = await run({ command: /** @type {'tag'} */ (command), ...given, host: { spelling: 'command-line' } }, voice, settings)
  // What was kept for later steps is no output.
  if (given.json || !(command === 'env' && given.ci && !given['dry-run'])) write(1, session.output(given.json === true))
  return exit
}

/**
 * Returns whether people read standard output: on a terminal, or in the log of a CI job. Only the log's pipe is also the standard output of the
 * step's own program: our topmost ancestor with the variable, which the runner sets for steps and does not have itself.
 */
function isReadByPeople() {
  if (isatty(1)) return true
  if (process.env.GITHUB_ACTIONS !== 'true' || process.platform !== 'linux') return false
  try {
    let step = 'self'
    for (let parent = parentOf(step); parent !== '0' && isStep(parent); parent = parentOf(parent)) step = parent
    const [own, log] = ['self', step].map((id) => statSync(`/proc/${id}/fd/1`))
    return own.isFIFO() && own.dev === log.dev && own.ino === log.ino
  } catch {
    return false
  }
}

/**
 * rule: proc_pid_stat(5): `PID (COMMAND) STATE PPID ...`; the command can hold spaces and parentheses
 * @param {string} id
 */
function parentOf(id) {
  const stat = readFileSync(`/proc/${id}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2]
}

/** @param {string} id */
function isStep(id) {
  return readFileSync(`/proc/${id}/environ`, 'latin1').split('\0').includes('GITHUB_ACTIONS=true')
}

/**
 * Options from the command line, else from their variables.
 * @param {Definition[]} definitions
 * @param {string[]} args
 * @returns {Record<string, string | string[] | boolean>}
 */
function read(definitions, args) {
  const options = Object.fromEntries(definitions.map(({ name, short, takes }) => {
    // Repeated ones are counted below.
    return [name, { type: takes === 'flag' ? 'boolean' : 'string', multiple: true, ...(short && { short }) }]
  }))
  const parsed = parseArgs({ args, options: /** @type {import('node:util').ParseArgsConfig['options']} */ (options), strict: true, allowPositionals: true })
  const values = /** @type {Record<string, unknown>} */ (parsed.values)
  const words = definitions.some((it) => it.name === 'input') ? 'input' : 'service'
  if (parsed.positionals.length > 0) values[words] = [.../** @type {string[]} */ (values[words] ?? []), ...parsed.positionals]
  /** @type {Record<string, string | string[] | boolean>} */
  const given = {}
  for (const { name, takes } of definitions) {
    const all = /** @type {string[] | undefined} */ (values[name])
    const isMany = typeof takes === 'object' && 'many' in takes
    if (all && !isMany && all.length > 1) throw new Error(`\`--${name}\` was given ${all.length} times, expected once`)
    if (all) given[name] = isMany ? all : all[0]
    const variable = `DOCKTAG_${name.toUpperCase().replaceAll('-', '_')}`
    const value = process.env[variable]
    // A variable that is empty is as good as unset. But no moving tag is a wish.
    if (all || value === undefined || (value === '' && name !== 'moving-tag')) continue
    given[name] = takes === 'flag' ? flag(variable, value) : value
  }
  return given
}

/**
 * The words that the native program takes.
 * @param {string} variable
 * @param {string} value
 */
function flag(variable, value) {
  if (/^(1|true|t|yes|y|on)$/i.test(value)) return true
  if (/^(0|false|f|no|n|off)$/i.test(value)) return false
  throw new Error(`${variable}: \`${value}\` is neither true nor false`)
}

/**
 * The password from standard input where that was said, else from the environment; without a user it is not meant for us.
 * @param {Record<string, unknown>} given
 */
function password(given) {
  if (given['password-stdin'] && !given.username) throw new Error('`--password-stdin` has no user; say whose password it is with `--username`')
  if (!given.username) return {}
  const text = given['password-stdin'] ? passwordFromStdin() : process.env.DOCKER_PASSWORD
  if (given['password-stdin'] && !text) throw new Error('standard input: is empty, expected the password; pipe it in')
  return text ? { password: text } : {}
}

function passwordFromStdin() {
  try {
    return readStandardInput(PASSWORD_LIMIT).toString().trimEnd()
  } catch (error) {
    throw new Error(`standard input: ${/** @type {Error} */ (error).message}, expected the password`)
  }
}

/**
 * @param {string} command
 * @param {Definition[]} options
 */
function help(command, options) {
  const lines = options.filter((it) => `--${it.name}` !== ENV_FILE).map(({ name, short, takes, default: value, help }) => {
    const what = takes === 'flag' ? '' : 'choice' in takes ? ` ${takes.choice.join('|')}` : ` ${'one' in takes ? takes.one : takes.many}`
    return `  ${short ? `-${short}, ` : '    '}--${name}${what}\n          ${help}${value ? ` [default: ${value}]` : ''}\n`
  })
  return `Usage: docktag ${command} [${command === 'explain' ? 'FILE' : 'SERVICE'}...] [OPTIONS]\n\nEvery option is a variable too: --moving-tag is DOCKTAG_MOVING_TAG.\nA file with variables is given in DOCKTAG_ENV_FILE only, since Node has an option --env-file.\n\n${lines.join('')}`
}

/** @param {string} text */
function print(text) {
  write(1, text)
  return 0
}

/** @param {string} message */
function refuse(message) {
  write(2, `docktag: error: ${message}\ndocktag: help: see \`docktag --help\`\n`)
  return 2
}
