// @ts-check
// What is meant where nobody has said it yet: the page shows the choice, and it can be changed.

import { find } from './tree.js'

/** @typedef {import('./options.js').Choice} Choice */
/** @typedef {import('./tree.js').Folder} Folder */

/** source: compose-go `cli/options.go`, `DefaultFileNames`. */
const COMPOSE = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
/** The recipe's folder. */
const FOLDER = 'docker'

/**
 * The options as they are used for a project.
 * @param {Folder} tree
 * @param {Choice} choice
 * @returns {Choice}
 */
export function choose(tree, choice) {
  const dir = choice.dir !== '' && find(tree, choice.dir)?.kind === 'folder' ? choice.dir : project(tree, choice)
  const has = (/** @type {string} */ name) => find(tree, `${dir}/${name}`)
  const mode = choice.mode || (choice.path ? 'folder' : COMPOSE.some(has) ? 'compose' : has(choice.file || 'Dockerfile') ? 'dockerfile' : 'folder')
  const path = choice.path || (has(FOLDER)?.kind === 'folder' ? FOLDER : '.')
  return { ...choice, dir, mode, path: mode === 'folder' ? path : choice.path }
}

/**
 * The project folder: what was dropped, or the one folder in it; archives often have everything in one.
 * @param {Folder} tree
 * @param {Choice} choice
 */
function project(tree, choice) {
  const [only, ...others] = tree.children
  if (!only || others.length > 0 || only[1].kind !== 'folder') return ''
  const [name, { children }] = only
  if (COMPOSE.some((file) => children.has(file))) return name
  const paths = (choice.path || FOLDER).split('\n')
  return paths.some((path) => path.split('/').find((part) => part !== '' && part !== '.') === name) ? '' : name
}
