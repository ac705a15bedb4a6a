// @ts-check
// The GitHub action: inputs in, and everything else is the core's.

import './compiled.js'
import { write } from './log.js'
import { password } from './mask.js'

// Only now, so that the wasm is being compiled meanwhile.
const { run } = await import('./run.js')

/** What the runner passes: `INPUT_` and the name in capitals, spaces as underscores (actions/toolkit, `core.getInput`). */
const inputs = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => name.startsWith('INPUT_'))
    .map(([name, value]) => [name.slice('INPUT_'.length).toLowerCase(), (value ?? '').trim()]),
)
const directory = inputs['working-directory'] ?? ''
// Log lines, groups and annotations go where the runner reads; a step that is rerun with debug logging says more.
const voice = {
  verbose: inputs.verbose?.toLowerCase() === 'true' || process.env.RUNNER_DEBUG === '1',
  github: true,
}
const { exit, session } = await run({ inputs: { ...inputs, password }, ci: true }, voice, { directory, log: 1 })
// What was asked for is in the summary too; other commands give outputs.
if (inputs.command === 'why') write(1, session.output(false))
// All is written and closed; to take everything down in order costs the engine some milliseconds more.
process.exit(exit)
