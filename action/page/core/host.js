// @ts-check
// The host: performs what the core needs, on a tree in memory. It has no network and no programs, and says so.

import { HostFailure, hostFailure, Cancelled } from './failure.js'
import { paths } from '../../../pkg/files.js'
import { hash, streamOf } from './hash.js'
import { spell, text } from './names.js'
import { readAll } from './streams.js'
import { find } from './tree.js'

/** @typedef {import('../../../pkg/docktag.js').Need} Need */
/** @typedef {import('../../../pkg/docktag.js').Answer} Answer */
/** @typedef {import('../../../pkg/docktag.js').Path} Path */
/** @typedef {import('./tree.js').File} File */
/** @typedef {import('./tree.js').Folder} Folder */

/**
 * @typedef {object} Host
 * @property {Folder} tree
 * @property {string} mount where the tree is, such as `/drop`
 * @property {string} folder the project folder as an absolute path
 * @property {Record<string, string>} extra files that are not in the tree, by absolute path
 * @property {import('./hash.js').Core} core
 * @property {(files: number, bytes: number, all: { files: number, bytes: number }) => void} tell progress of hashing; throws where the user has had enough
 */

/**
 * Runs a session to its end.
 * @param {import('../../../pkg/docktag.js').Session} session
 * @param {Host} host
 */
export async function drive(session, host) {
  /** @type {Array<[number, Answer]>} */
  let answers = []
  for (;;) {
    const step = session.step(answers)
    if (!step.needs) return step
    answers = await Promise.all(step.needs.map(async ([id, need]) => /** @type {[number, Answer]} */ ([id, await perform(host, need)])))
  }
}

/**
 * Performs a need; whatever goes wrong is an answer too.
 * @param {Host} host
 * @param {Need} need
 * @returns {Promise<Answer>}
 */
async function perform(host, need) {
  try {
    return await work(host, need)
  } catch (error) {
    const known = hostFailure(error)
    if (known instanceof Cancelled) throw known
    return { failed: known.failure }
  }
}

/**
 * @param {Host} host
 * @param {Need} need
 * @returns {Promise<Answer>}
 */
async function work(host, need) {
  switch (need.need) {
    case 'list':
      return { listing: list(host, need.root) }
    case 'entries':
      return { entries: need.folders.map((path) => entries(host, path)) }
    case 'read':
      return { bytes: base64(await read(host, need.path, need.limit)) }
    case 'hash':
      return { hashed: await hashed(host, need) }
    case 'exist':
      return { exist: need.paths.map((path) => path in host.extra || at(host, path) !== undefined) }
    case 'http':
      throw new HostFailure('connect', 'this page sends nothing anywhere')
    case 'run':
    case 'objects':
      throw new HostFailure('not-found', 'a page cannot run programs')
    default:
      throw new HostFailure('other', 'a page cannot do that')
  }
}

/**
 * What is at a path, relative to the project folder or absolute.
 * @param {Host} host
 * @param {Path} path
 * @param {boolean} [followLast]
 */
export function at(host, path, followLast = true) {
  const name = text(path)
  const full = name.startsWith('/') ? name : `${host.folder}/${name}`
  return full === host.mount || full.startsWith(`${host.mount}/`) ? find(host.tree, full.slice(host.mount.length), followLast) : undefined
}

/**
 * As `find ROOT` walks; a root that ends in `/` may be a link.
 * @param {Host} host
 * @param {Path} root
 * @returns {import('../../../pkg/docktag.js').Listing}
 */
function list(host, root) {
  const name = text(root)
  const top = at(host, root, name.endsWith('/'))
  if (!top) throw new HostFailure('not-found', 'no such folder')
  if (top.kind !== 'folder') throw new HostFailure(top.kind === 'link' ? 'is-a-link' : 'is-a-file', '')
  /** @type {import('../../../pkg/docktag.js').Listing} */
  const listing = { files: [], links: [], emptyDirs: [] }
  /** @type {Array<[string, Folder]>} */
  const open = [[name, top]]
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, folder] = next
    const prefix = path.endsWith('/') ? path : `${path}/`
    const names = []
    for (const [name, node] of folder.children) {
      if (node.kind === 'file') names.push(spell(name))
      else if (node.kind === 'link') listing.links.push(spell(prefix + name))
      else open.push([prefix + name, node])
    }
    if (names.length > 0) listing.files.push({ folder: spell(path), names })
    if (folder.children.size === 0 && folder !== top) listing.emptyDirs.push(spell(path))
  }
  return listing
}

/**
 * @param {Host} host
 * @param {Path} path
 * @returns {import('../../../pkg/docktag.js').Entries}
 */
function entries(host, path) {
  const folder = at(host, path)
  if (!folder) throw new HostFailure('not-found', 'no such folder', text(path))
  if (folder.kind !== 'folder') throw new HostFailure('is-a-file', '', text(path))
  /** @type {Path[]} */
  const files = []
  /** @type {Path[]} */
  const folders = []
  /** @type {Array<[Path, Path]>} */
  const links = []
  for (const [name, node] of folder.children) {
    if (node.kind === 'file') files.push(spell(name))
    else if (node.kind === 'folder') folders.push(spell(name))
    else links.push([spell(name), spell(node.target)])
  }
  return { files, folders, links, others: [] }
}

/**
 * @param {Host} host
 * @param {Path} path
 * @returns {File}
 */
function fileAt(host, path) {
  const node = at(host, path)
  if (!node) throw new HostFailure('not-found', 'no such file', text(path))
  if (node.kind !== 'file') throw new HostFailure('is-a-folder', 'is a folder, expected a file', text(path))
  return node
}

/**
 * The content of a file, which should be small.
 * @param {Host} host
 * @param {string} path
 * @param {number} [limit]
 */
export async function read(host, path, limit = Infinity) {
  if (path in host.extra) return new TextEncoder().encode(host.extra[path])
  const file = fileAt(host, path)
  if (file.size > limit) throw new HostFailure('other', `has ${file.size} bytes, expected ${limit} at most`)
  return readAll(streamOf(file))
}

/**
 * @param {Host} host
 * @param {Need & { need: 'hash' }} need
 * @returns {Promise<import('../../../pkg/docktag.js').Hashed>}
 */
async function hashed(host, { paths: all, algorithm, text: isText }) {
  if (isText) throw new HostFailure('other', 'a page does not know what git has')
  /** @type {Array<[string, File]>} */
  const files = paths(all).map((path) => [text(path), fileAt(host, path)])
  const sizes = files.map(([, { size }]) => size)
  const total = { files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
  const digests = await hash(host.core, files, algorithm, (done, bytes) => host.tell(done, bytes, total))
  return { digests, sizes: Float64Array.from(sizes), executable: Uint8Array.from(files, ([, { exec }]) => (exec ? 1 : 0)) }
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = ''
  // So many arguments a function takes everywhere.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
