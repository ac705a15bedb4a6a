// @ts-check
// Folders and files as a browser gives them: dropped, or picked.

/** @typedef {import('../core/open.js').Source} Source */
/** @typedef {import('./send.js').Add} Add */

/**
 * A folder as browsers have had it for long, and as newer ones have it: their handles give files many times faster, but do not list every name.
 * @typedef {{ entry: FileSystemDirectoryEntry, handle: Promise<FileSystemDirectoryHandle | null> }} Folder
 */

/** Folders that are read at the same time. */
const ABREAST = 2
/** Files that are asked for at a time: each takes the page a moment. */
const CHUNK = 64
/** Files that go to the worker at a time: asking for the size of one stops the page. */
const PICKED = 200

/**
 * What was dropped. It has to be taken while the event is handled; what is in folders is read after.
 * @param {DataTransfer} transfer
 * @returns {{ folders: Folder[], files: File[] }}
 */
export function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file')
  const entries = items.map((item) => item.webkitGetAsEntry())
  const folders = entries.flatMap((entry, index) => (entry?.isDirectory ? [{ entry: /** @type {FileSystemDirectoryEntry} */ (entry), handle: handleOf(items[index]) }] : []))
  return { folders, files: [...transfer.files].filter((_, index) => !entries[index]?.isDirectory) }
}

/**
 * The handle of a folder, where the browser has such and gives it.
 * @param {DataTransferItem} item
 * @returns {Promise<FileSystemDirectoryHandle | null>}
 */
async function handleOf(item) {
  if (!('getAsFileSystemHandle' in item)) return null
  return /** @type {any} */ (item).getAsFileSystemHandle().catch(() => null)
}

/**
 * Everything in folders that were dropped.
 * @param {Folder[]} folders
 * @param {Add} add
 * @returns {Promise<Source>}
 */
export async function walked(folders, add) {
  /** @type {Source & { kind: 'files' }} */
  const source = { kind: 'files', name: folders.map(({ entry }) => entry.name).join(', '), files: [], folders: [] }
  let open = folders.map((folder) => /** @type {[string, Folder]} */ ([folder.entry.name, folder]))
  // Level by level, several folders at a time: the browser takes its time for each answer.
  while (open.length > 0) {
    const batch = open.splice(0, ABREAST)
    const found = await Promise.all(batch.map(([path, folder]) => look(path, folder, source.folders, add)))
    open = [...found.flat(), ...open]
  }
  return source
}

/**
 * Takes the files of a folder; gives back the folders in it.
 * @param {string} path
 * @param {Folder} folder
 * @param {string[]} all every folder so far
 * @param {Add} add
 * @returns {Promise<Array<[string, Folder]>>}
 */
async function look(path, { entry, handle }, all, add) {
  all.push(path)
  const [entries, handles] = await Promise.all([entriesOf(entry), handle.then(handlesOf)])
  const files = entries.filter((entry) => entry.isFile)
  for (let at = 0; at < files.length; at += CHUNK) {
    const chunk = files.slice(at, at + CHUNK).map((entry) => fileOf(/** @type {FileSystemFileEntry} */ (entry), handles.get(entry.name), `${path}/${entry.name}`))
    const read = await Promise.all(chunk)
    await add(read.map((file, index) => [`${path}/${files[at + index].name}`, file]))
  }
  const inner = /** @type {FileSystemDirectoryEntry[]} */ (entries.filter((entry) => entry.isDirectory))
  return inner.map((entry) => {
    const handle = handles.get(entry.name)
    return [`${path}/${entry.name}`, { entry, handle: Promise.resolve(handle?.kind === 'directory' ? handle : null) }]
  })
}

/**
 * What a folder has, by name; a name that Windows would not allow is not among them, wherever the browser runs.
 * @param {FileSystemDirectoryHandle | null} folder
 */
async function handlesOf(folder) {
  /** @type {Map<string, FileSystemFileHandle | FileSystemDirectoryHandle>} */
  const handles = new Map()
  try {
    for await (const [name, handle] of /** @type {any} */ (folder)?.entries() ?? []) handles.set(name, handle)
  } catch {
    // Without handles it takes longer.
  }
  return handles
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
 * @param {FileSystemHandle | undefined} handle
 * @param {string} path
 * @returns {Promise<File>}
 */
async function fileOf(entry, handle, path) {
  const quick = handle?.kind === 'file' && (await /** @type {FileSystemFileHandle} */ (handle).getFile().catch(() => null))
  return quick || new Promise((resolve, reject) => entry.file(resolve, (error) => reject(new Error(`${path}: ${error.message}`))))
}

/**
 * What a folder picker gave.
 * @param {File[]} files
 * @param {Add} add
 * @returns {Promise<Source>}
 */
export async function picked(files, add) {
  for (let at = 0; at < files.length; at += PICKED) {
    await add(files.slice(at, at + PICKED).map((file) => [file.webkitRelativePath || file.name, file]))
  }
  return { kind: 'files', name: files[0]?.webkitRelativePath.split('/', 1)[0] ?? '', files: [], folders: [] }
}
