// @ts-check
// Lines to take along: the check by hand, and workflows with the values of this view.

import { copyButton, h, prose } from './dom.js'
import { quoted } from './format.js'

/** @typedef {import('../core/look.js').View} View */

const VERSION = '0.1.0'

/**
 * The shell line that gives the same tag.
 * @param {View} view
 */
export function checkLine({ choice }) {
  const sum = `${choice.algorithm}sum`
  if (choice.mode === 'folder') {
    // The recipe's line; a folder of the name `-x` would be taken as an option.
    const folders = choice.path.split('\n').map((path) => quoted(path.startsWith('-') ? `./${path}` : path)).join(' ')
    return `find ${folders} -type f -exec ${sum} {} \\; | LC_ALL=C sort -k 2 | ${sum}`
  }
  if (choice.mode === 'dockerfile') return `${sum} docktag.manifest && ${sum} -c docktag.manifest`
  return `${['docktag', 'manifest', choice.service, ...flags(choice)].map(quoted).join(' ')} | ${sum}`
}

/** @param {View['choice']} choice */
function flags({ mode, file, platform, algorithm, path }) {
  return [
    ...(mode === 'folder' ? path.split('\n').flatMap((it) => ['--path', it]) : []),
    ...(mode === 'compose' && file ? ['--file', file] : []),
    ...(mode !== 'folder' && platform ? ['--platform', platform] : []),
    ...(algorithm === 'md5' ? [] : ['--algorithm', algorithm]),
  ]
}

/**
 * A text for YAML: JSON's form is one of YAML's.
 * @param {string} value
 */
function yaml(value) {
  return /^[A-Za-z_][\w./-]*$/.test(value) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value) ? value : JSON.stringify(value)
}

/**
 * Returns the registry of an image, as Docker finds it: the first part, if it has a `.` or a `:` or is `localhost`.
 * @param {string} image
 */
function registryOf(image) {
  const [first, ...rest] = image.split('/')
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io'
}

/**
 * @param {View} view
 * @returns {Array<[name: string, file: string, text: string]>}
 */
export function snippets({ choice, found }) {
  const repository = found?.image.split(':').slice(0, -1).join(':') ?? ''
  const image = choice.mode === 'compose' && /[./]/.test(repository) ? repository : 'ghcr.io/OWNER/IMAGE'
  /** @type {Array<[string, string]>} */
  const values = []
  if (choice.dir.includes('/')) values.push(['working-directory', choice.dir.split('/').slice(1).join('/')])
  if (choice.mode === 'folder') values.push(['path', choice.path])
  else {
    if (choice.mode === 'compose' && choice.file) values.push(['compose-file', choice.file])
    if (choice.service) values.push(['services', choice.service])
    if (choice.platform) values.push(['platform', choice.platform])
  }
  if (choice.mode === 'folder' || choice.mode === 'dockerfile' || image !== repository) values.push(['image', image])
  if (choice.algorithm !== 'md5') values.push(['algorithm', choice.algorithm])
  const registry = registryOf(image)
  const fields = (/** @type {string} */ indent, /** @type {(name: string) => string} */ rename) => values.map(([name, value]) => `${indent}${rename(name)}: ${yaml(value)}\n`).join('')
  const same = (/** @type {string} */ name) => name
  const github = `jobs:
  build:
    runs-on: ubuntu-latest
    permissions: { contents: read, packages: write }
    steps:
      - uses: actions/checkout@v4
      - uses: docktag/docktag@v${VERSION}
        with:
${fields('          ', same)}          registry: ${yaml(registry)}
          username: ${registry === 'ghcr.io' ? '\${{ github.actor }}' : '\${{ vars.REGISTRY_USERNAME }}'}
          password: \${{ secrets.${registry === 'ghcr.io' ? 'GITHUB_TOKEN' : 'REGISTRY_PASSWORD'} }}
`
  const circle = `version: 2.1
orbs:
  docktag: docktag/docktag@${VERSION}
workflows:
  build:
    jobs:
      - docktag/build:
          context: registry # has DOCKER_USERNAME and DOCKER_PASSWORD
          registry: ${yaml(registry)}
${fields('          ', (name) => name.replaceAll('-', '_'))}`
  const options = values.flatMap(([name, value]) =>
    name === 'services' ? [] : [name === 'compose-file' ? '--file' : name === 'working-directory' ? '--directory' : `--${name}`, value],
  )
  const service = choice.mode === 'compose' && choice.service ? [choice.service] : []
  const line = (/** @type {string} */ command) => ['docktag', command, ...service, ...options].map(quoted).join(' ')
  const shell = `# build what the registry lacks, and push it
printf %s "$REGISTRY_PASSWORD" | ${line('build')} --registry ${quoted(registry)} --username ci --password-stdin

# in a later job: pull exactly that
${line('pull')}
`
  return [['GitHub Actions', '.github/workflows/build.yml', github], ['CircleCI', '.circleci/config.yml', circle], ['Shell', 'any other CI', shell]]
}

/** @param {View} view */
export function snippetView(view) {
  const all = snippets(view)
  const panel = h('div', { class: 'snippet' })
  const show = (/** @type {number} */ index) => {
    const [name, file, text] = all[index]
    panel.replaceChildren(h('p', { class: 'snippet-head' }, h('span', {}, file), copyButton(text, `${name} snippet`)), h('pre', { tabindex: 0, 'aria-label': name }, h('code', {}, text)))
    choices.forEach((button, at) => button.setAttribute('aria-pressed', at === index ? 'true' : 'false'))
  }
  const choices = all.map(([name], index) => h('button', { type: 'button', class: 'choice', click: () => show(index) }, name))
  show(0)
  return h('section', { 'aria-labelledby': 'use-title' },
    h('h2', { id: 'use-title' }, 'Use it in CI'),
    view.choice.mode === 'dockerfile' && h('p', { class: 'hint' }, ...prose('docktag builds through Compose: give this Dockerfile a service with `build:` in a Compose file.')),
    h('p', { class: 'choices', role: 'group', 'aria-label': 'For which CI' }, ...choices), panel)
}
