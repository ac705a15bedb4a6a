// @ts-check
// Whether the tag is the one that a CI machine finds, as far as a browser can see.

import { COUNTED } from './table.js'

/** @typedef {{ exact: boolean, why: string, help: string }} Exactness */

const SOURCE = 'drop the folder together with its .git, or an archive: `git archive -o project.tar.gz HEAD`'

/**
 * @param {import('./open.js').Project} project
 * @param {import('./host.js').Host} host
 * @param {import('./table.js').Table} table
 * @param {import('./options.js').Choice} choice
 * @returns {Exactness}
 */
export function exactness(project, host, table, choice) {
  const lost = project.lost.filter((path) => `${host.mount}/${path}`.startsWith(`${host.folder}/`))
  if (lost.length > 0) {
    const more = lost.length > 1 ? ` and ${lost.length - 1} more` : ''
    const help = 'drop an archive that has them: `git archive -o project.tar.gz HEAD`'
    return { exact: false, why: `symbolic links are not visible to a browser: ${lost[0]}${more}`, help }
  }
  if (choice.mode === 'folder') {
    // Only git could say that there are none.
    const links = project.from === 'folder' && !project.git ? ', as long as there are no symbolic links' : ''
    return { exact: true, why: `only names and contents count here, and those a browser sees${links}`, help: '' }
  }
  const unknown = table.states.filter((state, row) => state === COUNTED && table.modes[row] === -1).length
  if (unknown > 0) {
    const files = unknown === 1 ? 'one file' : `${unknown} files`
    return { exact: false, why: `executable bits are not visible to a browser; ${files} counted as not executable`, help: SOURCE }
  }
  const from = project.git ? 'from the .git index' : project.from === 'archive' ? 'from the archive' : 'from the example'
  return { exact: true, why: `names, contents and executable bits are known (${from})`, help: '' }
}
