// @ts-check
// Files and folders.

import {
  appendFileSync, chmodSync, closeSync, cpSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, readdirSync, readlinkSync, realpathSync, symlinkSync, writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { HostFailure, ofFile } from './failure.js'

/** @typedef {import('../pkg/docktag.js').Path} Path */
/** @typedef {import('../pkg/docktag.js').Listing} Listing */
/** @typedef {string | Buffer} Name as Node reads it */

/**
 * A path for Node: file names on Linux need not be UTF-8.
 * @param {Path} name
 * @returns {string | Buffer}
 */
export function native(name) {
  return typeof name === 'string' ? name : Buffer.from(name)
}

/** Is told now and then how many files were found so far. @typedef {(count: number) => void} Told */

/**
 * Walks a folder without following links, as `find ROOT` does; a root that ends in `/` may be a link.
 * @param {Path} root
 * @param {Told} tell
 * @returns {Listing}
 */
export function list(root, tell) {
  const kind = lstatSync(native(root))
  if (kind.isSymbolicLink()) throw new HostFailure('is-a-link', '')
  if (!kind.isDirectory()) throw new HostFailure('is-a-file', '')
  /** @type {Listing} */
  const listing = { files: [], links: [], emptyDirs: [] }
  let count = 0
  /** @param {Path} folder */
  const walk = (folder) => {
    const entries = read(folder)
    if (entries.length === 0 && folder !== root) listing.emptyDirs.push(folder)
    const names = []
    for (const entry of entries) {
      if (entry.isFile()) names.push(entry.name)
      else if (entry.isDirectory()) walk(join(folder, spell(entry.name)))
      else if (entry.isSymbolicLink()) listing.links.push(join(folder, spell(entry.name)))
    }
    if (names.length > 0) listing.files.push({ folder, names: spellAll(names) })
    tell((count += names.length))
  }
  walk(root)
  return listing
}

/**
 * What is in each folder, without what is below.
 * @param {Path[]} folders
 * @param {Told} tell
 * @returns {import('../pkg/docktag.js').Entries[]}
 */
export function entries(folders, tell) {
  let count = 0
  return folders.map((folder) => {
    /** @type {{ files: Name[], folders: Name[], others: Name[] }} */
    const names = { files: [], folders: [], others: [] }
    /** @type {[Path, Path][]} */
    const links = []
    for (const entry of read(folder)) {
      if (entry.isFile()) names.files.push(entry.name)
      else if (entry.isDirectory()) names.folders.push(entry.name)
      else if (entry.isSymbolicLink()) links.push([spell(entry.name), target(join(folder, spell(entry.name)))])
      else names.others.push(entry.name)
    }
    tell((count += names.files.length))
    return { files: spellAll(names.files), folders: spellAll(names.folders), links, others: spellAll(names.others) }
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
    throw ofFile(error, link)
  }
}

/**
 * The entries of a folder. Node makes U+FFFD of what is not UTF-8, so only then the names are read as bytes.
 * @param {Path} folder
 * @returns {Array<import('node:fs').Dirent<string> | import('node:fs').Dirent<Buffer>>}
 */
function read(folder) {
  try {
    if (typeof folder === 'string') {
      const entries = readdirSync(folder, { withFileTypes: true })
      if (!entries.some((entry) => entry.name.includes('\uFFFD'))) return entries
    }
    return readdirSync(native(folder), { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    throw ofFile(error, folder)
  }
}

/**
 * Names, in one text where all of them are texts.
 * @param {Name[]} names
 * @returns {import('../pkg/docktag.js').Names}
 */
function spellAll(names) {
  const spelled = names.map(spell)
  return spelled.every((name) => typeof name === 'string') ? spelled.join('/') : spelled
}

/**
 * A text where the bytes are UTF-8, else the bytes.
 * @param {Name} name
 * @returns {Path}
 */
function spell(name) {
  if (typeof name === 'string') return name
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
 * Writes a file; a private one is for its owner only, whatever the umask says.
 * @param {string} file
 * @param {Uint8Array} bytes
 * @param {{ append: boolean, isPrivate: boolean }} how
 */
export function write(file, bytes, { append, isPrivate }) {
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
