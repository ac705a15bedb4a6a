// Before `npm pack`: the modules of the command line, which live in action/, and the licences; `--clean` removes them after it.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'

const at = (name) => new URL(name, import.meta.url)
const licences = ['LICENSE-APACHE', 'LICENSE-MIT']
/** What only the GitHub action needs. */
const left = ['heap.js', 'main.js', 'mask.js']

rmSync(at('node'), { recursive: true, force: true })
if (process.argv.includes('--clean')) {
  for (const name of licences) rmSync(at(name), { force: true })
} else {
  mkdirSync(at('node'))
  for (const name of readdirSync(at('../action')).filter((name) => name.endsWith('.js') && !left.includes(name))) {
    writeFileSync(at(`node/${name}`), readFileSync(at(`../action/${name}`), 'utf8').replaceAll("'../pkg/", "'../"), { mode: name === 'cli.js' ? 0o755 : 0o644 })
  }
  for (const name of licences) copyFileSync(at(`../${name}`), at(name))
}
