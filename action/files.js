// @ts-check
// Files and folders.

import {
  appendFileSync, chmodSync, closeSync, cpSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, readdirSync, readlinkSync, realpathSync, symlinkSync, writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { HostFailure, failure } from './failure.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('../pkg/docktag.js').Listing} Listing */

/**
 * A path for Node: file names on Linux need not be UTF-8.
 * @param {Path} name
 * @returns {string | Buffer}
 */
export function native(name) {
  return typeof name === 'string' ? name : Buffer.from(name)
}

/**
 * Walks a folder without following links, as `find ROOT` does; a root that ends in `/` may be a link.
 * @param {Path} root
 * @returns {Listing}
 */
export function list(root) {
  const kind = lstatSync(native(root))
  if (kind.isSymbolicLink()) throw new HostFailure('is-a-link', '')
  if (!kind.isDirectory()) throw new HostFailure('is-a-file', '')
  /** @type {Listing} */
  const listing = { files: [], links: [], emptyDirs: [] }
  walk(root, root, listing)
  return listing
}

/**
 * @param {Path} root
 * @param {Path} folder
 * @param {Listing} listing
 */
function walk(root, folder, listing) {
  const entries = read(folder)
  if (entries.length === 0 && folder !== root) listing.emptyDirs.push(folder)
  const names = []
  for (const [name, entry] of entries) {
    if (entry.isFile()) names.push(name)
    else if (entry.isDirectory()) walk(root, join(folder, name), listing)
    else if (entry.isSymbolicLink()) listing.links.push(join(folder, name))
  }
  if (names.length > 0) listing.files.push({ folder, names })
}

/**
 * What is in each folder, without what is below.
 * @param {Path[]} folders
 * @returns {import('../pkg/docktag.js').Entries[]}
 */
export function entries(folders) {
  return folders.map((folder) => {
    /** @type {import('../pkg/docktag.js').Entries} */
    const found = { files: [], folders: [], links: [], others: [] }
    for (const [name, entry] of read(folder)) {
      if (entry.isFile()) found.files.push(name)
      else if (entry.isDirectory()) found.folders.push(name)
      else if (entry.isSymbolicLink()) found.links.push([name, target(join(folder, name))])
      else found.others.push(name)
    }
    return found
  })
}

/**
 * Where a link leads, spelled with `/`.
 * @param {Path} link
 * @returns {Path}
 */
function target(link) {
  try {
    const found = spell(readlinkSync(native(link), { encoding: 'buffer' }))
    return typeof found === 'string' && path.sep === '\\' ? found.replaceAll('\\', '/') : found
  } catch (error) {
    const { kind, message } = failure(error)
    throw new HostFailure(kind, message, link)
  }
}

/**
 * The entries of a folder. Node makes U+FFFD of what is not UTF-8, so only then the names are read as bytes.
 * @param {Path} folder
 * @returns {Array<[Path, import('node:fs').Dirent<string> | import('node:fs').Dirent<Buffer>]>}
 */
function read(folder) {
  try {
    if (typeof folder === 'string') {
      const entries = readdirSync(folder, { withFileTypes: true })
      if (!entries.some((entry) => entry.name.includes('\uFFFD'))) return entries.map((entry) => [entry.name, entry])
    }
    const entries = readdirSync(native(folder), { withFileTypes: true, encoding: 'buffer' })
    return entries.map((entry) => [spell(entry.name), entry])
  } catch (error) {
    const { kind, message } = failure(error)
    throw new HostFailure(kind, message, folder)
  }
}

/**
 * A text where the bytes are UTF-8, else the bytes.
 * @param {Buffer} name
 * @returns {Path}
 */
function spell(name) {
  const text = name.toString()
  return Buffer.from(text).equals(name) ? text : [...name]
}

/**
 * As `find` spells it: one `/` is added where none ends the folder.
 * @param {Path} folder
 * @param {Path} name
 * @returns {Path}
 */
function join(folder, name) {
  if (typeof folder === 'string' && typeof name === 'string') return folder.endsWith('/') ? folder + name : `${folder}/${name}`
  const bytes = Buffer.from(folder)
  const slash = bytes.at(-1) === 0x2f ? '' : '/'
  return [...Buffer.concat([bytes, Buffer.from(slash), Buffer.from(name)])]
}

/** @param {string} file */
export function readAll(file) {
  return readFileSync(file)
}

/** @param {string[]} paths */
export function exist(paths) {
  return paths.map((name) => existsSync(name))
}

/**
 * Writes a file; one in the folder of the run is for its owner only, whatever the umask says.
 * @param {string} scratch
 * @param {string} file
 * @param {Buffer} bytes
 * @param {boolean} append
 */
export function write(scratch, file, bytes, append) {
  const isPrivate = file.startsWith(`${scratch}/`)
  if (isPrivate) {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  }
  if (append) appendFileSync(file, bytes)
  else writeFileSync(file, bytes)
}

/**
 * Makes every entry of one folder, but for some, appear in another.
 * @param {string} from
 * @param {string} to
 * @param {string[]} except
 */
export function mirror(from, to, except) {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  if (!existsSync(from)) return
  const source = realpathSync(from)
  for (const name of readdirSync(source).filter((name) => !except.includes(name))) {
    // Links need a privilege on Windows, so what matters is copied there: plugins and contexts are small trees.
    if (process.platform === 'win32') cpSync(path.join(source, name), path.join(to, name), { recursive: true, dereference: true })
    else symlinkSync(path.join(source, name), path.join(to, name))
  }
}
