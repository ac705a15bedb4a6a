// @ts-check
// Before anything else: the runner is told which texts must not appear in the log, and programs that are started later do not get them.

import { writeSync } from 'node:fs'

const names = ['INPUT_PASSWORD', 'DOCKER_PASSWORD']
const values = names.map((name) => (process.env[name] ?? '').trim())
const user = (process.env.INPUT_USERNAME ?? '').trim()

/** The password that was given as input, else the one in the environment where a user was given. */
export const password = values[0] || (user && values[1]) || ''

const secrets = new Set(values.flatMap((value) => [value, ...value.split(/[\r\n]+/)]))
if (password) secrets.add(Buffer.from(`${user}:${password}`).toString('base64'))
secrets.delete('')
for (const secret of secrets) {
  // GitHub docs, "Workflow commands": a value is one line.
  writeSync(1, `::add-mask::${secret.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}\n`)
}
delete process.env.INPUT_PASSWORD
