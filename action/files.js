// @ts-check
// Files and folders.

import {
  appendFileSync, chmodSync, closeSync, constants, cpSync, existsSync, fstatSync, lstatSync, mkdirSync, openSync, readSync, readdirSync, readlinkSync, realpathSync,
  renameSync, rmSync, symlinkSync, writeFileSync,
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

/** How files are opened to be read: to open a pipe would wait for a writer otherwise, and regular files do not care. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** The largest text that is read whole, as in the core. */
const TEXT_LIMIT = 16 * 1024 * 1024

/** The content of standard input, which can be read once. @type {Buffer | undefined} */
let standardInput

/**
 * On Windows the end of standard input is an error.
 * @param {Buffer} buffer
 */
function readSome(buffer) {
  try {
    return readSync(0, buffer, 0, buffer.length, null)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EOF') return 0
    throw error
  }
}

/**
 * Reads standard input to its end, which it may not have: so many bytes at most.
 * @param {number} limit
 */
export function readStandardInput(limit) {
  const parts = []
  let size = 0
  for (let count = -1; count !== 0; size += count) {
    const part = Buffer.alloc(64 * 1024)
    count = readSome(part)
    if (size + count > limit) throw new HostFailure('other', `has more than ${limit} bytes`)
    parts.push(part.subarray(0, count))
  }
  return Buffer.concat(parts)
}

/**
 * Reads a regular file whole, or standard input (`-`). A pipe or a device is refused at once, and so is a file whose content is not as long as the system says: those of
 * `/proc` have the size 0.
 * @param {string} file
 * @param {number} [limit]
 */
export function readAll(file, limit = TEXT_LIMIT) {
  if (file === '-') return (standardInput ??= readStandardInput(limit))
  const open = openSync(file, READ)
  try {
    const found = fstatSync(open)
    if (found.isDirectory()) throw new HostFailure('is-a-folder', 'EISDIR: illegal operation on a directory')
    if (!found.isFile()) throw new HostFailure('other', 'is a pipe or a device, expected a regular file')
    if (found.size > limit) throw new HostFailure('other', `has ${found.size} bytes, expected ${limit} at most`)
    const bytes = Buffer.alloc(found.size + 1)
    let size = 0
    for (let count = -1; count !== 0 && size <= found.size; size += count) count = readSync(open, bytes, size, bytes.length - size, null)
    if (size !== found.size) throw new HostFailure('other', `does not have the ${found.size} bytes that the system says it has`)
    return bytes.subarray(0, size)
  } finally {
    closeSync(open)
  }
}

/** @param {string[]} paths */
export function exist(paths) {
  return paths.map((name) => existsSync(name))
}

/**
 * Writes a file: to its end, or to a new file that takes its place at once. The new one is made under a name that is not there yet, so nobody
 * can put a link there before; a private one is for its owner only.
 * @param {string} file
 * @param {Uint8Array} bytes
 * @param {'append' | 'replace' | 'private'} how
 */
export function write(file, bytes, how) {
  if (how === 'append') return appendFileSync(file, bytes)
  const folder = path.dirname(file)
  if (how === 'private') mkdirSync(folder, { recursive: true, mode: 0o700 })
  else if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new HostFailure('other', 'is a link, a folder or a device, expected a regular file')
  const fresh = path.join(folder, `.docktag-${Math.random().toString(36).slice(2)}`)
  try {
    writeFileSync(fresh, bytes, { flag: 'wx', mode: how === 'private' ? 0o600 : 0o666 })
    if (how === 'private') chmodSync(fresh, 0o600)
    renameSync(fresh, file)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') rmSync(fresh, { force: true })
    throw error
  }
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
