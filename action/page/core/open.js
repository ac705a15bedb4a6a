// @ts-check
// From what a user gave to a tree.

import { gitIndex } from './gitindex.js'
import { streamOf } from './hash.js'
import { decode } from './names.js'
import { inflate, readAll } from './streams.js'
import { tar } from './tar.js'
import { find, folder, put, walk } from './tree.js'
import { Trouble } from './trouble.js'
import { zip } from './zip.js'

/** @typedef {import('./tree.js').Folder} Folder */
/** @typedef {import('./tree.js').Node} Node */

/**
 * @typedef {{ kind: 'files', name: string, files: import('./hash.js').Named[], folders: string[] }
 *   | { kind: 'archive', file: File }
 *   | { kind: 'texts', name: string, files: Array<{ path: string, text: string, exec?: boolean }> }} Source
 */

/**
 * @typedef {object} Project
 * @property {string} name
 * @property {Folder} tree
 * @property {'folder' | 'archive' | 'example'} from
 * @property {boolean} git whether the modes come from git's index
 * @property {string[]} lost links that are known to be there, and that a browser does not show
 * @property {number} count how many files and links
 * @property {import('./host.js').Host} [host] how it was looked at last
 */

const MODE_LINK = 0o120000
const MODE_EXEC = 0o100755
const MODE_FILE = 0o100644

/**
 * @param {Source} source
 * @param {(count: number) => void} tell how many files there are so far; throws where the user has had enough
 * @returns {Promise<Project>}
 */
export async function open(source, tell) {
  const tree = folder()
  /** @type {Project} */
  const project = { name: '', tree, from: 'folder', git: false, lost: [], count: 0 }
  if (source.kind === 'archive') {
    project.name = source.file.name.replace(/\.(zip|tar|tgz|tar\.gz)$/i, '')
    project.from = 'archive'
    for await (const [path, node] of await unpack(source.file)) {
      put(tree, path, node)
      tell(++project.count)
    }
  } else {
    project.name = source.name
    if (source.kind === 'files') {
      for (const path of source.folders) put(tree, path, folder())
      for (const [path, file] of source.files) put(tree, path, file)
      await addModes(project)
    } else {
      project.from = 'example'
      for (const { path, text, exec = false } of source.files) {
        const blob = new Blob([text])
        put(tree, path, { kind: 'file', size: blob.size, exec, blob })
      }
    }
  }
  project.count = 0
  walk(tree, () => project.count++)
  if (project.count === 0) throw new Trouble('there is no file in it', 'choose the folder that has the Compose file or the Dockerfile', project.name || null)
  return project
}

/**
 * An archive of any kind that we know, by its first bytes.
 * @param {File} file
 * @returns {Promise<AsyncGenerator<[string, Node]>>}
 */
async function unpack(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer())
  const starts = (/** @type {number[]} */ ...bytes) => bytes.every((byte, index) => head[index] === byte)
  if (starts(0x50, 0x4b)) return zip(file)
  if (starts(0x1f, 0x8b)) return packed(tar(inflate(file.stream(), 'gzip'), file.name), file)
  const others = { zstd: [0x28, 0xb5, 0x2f, 0xfd], xz: [0xfd, 0x37, 0x7a, 0x58], bzip2: [0x42, 0x5a, 0x68] }
  const [other] = Object.entries(others).find(([, magic]) => starts(...magic)) ?? []
  if (other) throw new Trouble(`is packed with ${other}, which browsers cannot read`, 'make a .tar.gz or .zip of it', file.name)
  return tar(file.stream(), file.name)
}

/**
 * The same, with the browser's words for damaged gzip replaced by ours.
 * @param {AsyncGenerator<[string, Node]>} entries
 * @param {File} file
 */
async function* packed(entries, file) {
  try {
    yield* entries
  } catch (error) {
    if (error instanceof TypeError) throw new Trouble('is damaged: it cannot be unpacked', 'make the archive anew, or drop the folder itself', file.name)
    throw error
  }
}

/**
 * Browsers do not show modes; git has written them down.
 * @param {Project} project
 */
async function addModes(project) {
  const { tree } = project
  const folders = ['', ...[...tree.children].filter(([, node]) => node.kind === 'folder').map(([name]) => `${name}/`)]
  for (const at of folders) {
    const index = find(tree, `${at}.git/index`)
    if (index?.kind !== 'file') continue
    const config = find(tree, `${at}.git/config`)
    const isSha256 = config?.kind === 'file' && /objectformat\s*=\s*sha256/i.test(decode(await readAll(streamOf(config))))
    const entries = gitIndex(await readAll(streamOf(index)), isSha256 ? 32 : 20)
    project.git ||= entries.length > 0
    for (const [path, mode] of entries) {
      const node = find(tree, at + path, false)
      if (mode === MODE_LINK && node?.kind !== 'link') project.lost.push(at + path)
      else if (node?.kind === 'file' && (mode === MODE_EXEC || mode === MODE_FILE)) node.exec = mode === MODE_EXEC
    }
  }
}
