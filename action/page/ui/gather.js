// @ts-check
// Folders and files as a browser gives them: dropped, or picked.

/** @typedef {import('../core/open.js').Source} Source */

/** Folders that are read at the same time. */
const ABREAST = 2
/** Files that are asked for at a time: each takes the page a moment. */
const CHUNK = 64

/**
 * What was dropped. It has to be taken while the event is handled; what is in folders is read after.
 * @param {DataTransfer} transfer
 */
export function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file')
  const entries = items.map((item) => item.webkitGetAsEntry())
  return { folders: entries.filter((entry) => entry?.isDirectory), files: [...transfer.files].filter((_, index) => !entries[index]?.isDirectory) }
}

/**
 * Everything in folders that were dropped.
 * @param {FileSystemDirectoryEntry[]} folders
 * @param {(count: number) => void} tell how many files there are so far; throws where the user has had enough
 * @returns {Promise<Source>}
 */
export async function walked(folders, tell) {
  /** @type {Source & { kind: 'files' }} */
  const source = { kind: 'files', name: folders.map(({ name }) => name).join(', '), files: [], folders: [] }
  let open = folders.map((folder) => /** @type {[string, FileSystemDirectoryEntry]} */ ([folder.name, folder]))
  // Level by level, several folders at a time: the browser takes its time for each answer.
  while (open.length > 0) {
    const batch = open.splice(0, ABREAST)
    const found = await Promise.all(batch.map(([path, folder]) => look(path, folder, source)))
    open = [...found.flat(), ...open]
    tell(source.files.length)
  }
  return source
}

/**
 * Takes the files of a folder; gives back the folders in it.
 * @param {string} path
 * @param {FileSystemDirectoryEntry} folder
 * @param {Source & { kind: 'files' }} source
 * @returns {Promise<Array<[string, FileSystemDirectoryEntry]>>}
 */
async function look(path, folder, source) {
  source.folders.push(path)
  const entries = await entriesOf(folder)
  const files = entries.filter((entry) => entry.isFile)
  for (let at = 0; at < files.length; at += CHUNK) {
    const chunk = files.slice(at, at + CHUNK).map((entry) => fileOf(/** @type {FileSystemFileEntry} */ (entry), `${path}/${entry.name}`))
    const read = await Promise.all(chunk)
    read.forEach((file, index) => source.files.push([`${path}/${files[at + index].name}`, file]))
  }
  const inner = /** @type {FileSystemDirectoryEntry[]} */ (entries.filter((entry) => entry.isDirectory))
  return inner.map((entry) => [`${path}/${entry.name}`, entry])
}

/** @param {FileSystemDirectoryEntry} folder */
async function entriesOf(folder) {
  const reader = folder.createReader()
  /** @type {FileSystemEntry[]} */
  const all = []
  for (;;) {
    // At most a hundred come at once.
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

/**
 * @param {FileSystemFileEntry} entry
 * @param {string} path
 * @returns {Promise<File>}
 */
function fileOf(entry, path) {
  return new Promise((resolve, reject) => entry.file(resolve, (error) => reject(new Error(`${path}: ${error.message}`))))
}

/**
 * What a folder picker gave.
 * @param {File[]} files
 * @returns {Source}
 */
export function picked(files) {
  const name = files[0]?.webkitRelativePath.split('/', 1)[0] ?? ''
  return { kind: 'files', name, files: files.map((file) => [file.webkitRelativePath || file.name, file]), folders: [] }
}
