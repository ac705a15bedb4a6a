// @ts-check
// Folders and files as a browser gives them: dropped, or picked.

/** @typedef {import('../core/open.js').Source} Source */
/** @typedef {import('./send.js').Hands} Hands */

/**
 * A folder as browsers have had it for long, and as newer ones have it: their handles give files many times faster, but do not list every name.
 * @typedef {{ entry: FileSystemDirectoryEntry, handle: Promise<FileSystemDirectoryHandle | null> }} Folder
 */
/** @typedef {{ path: string, entry: FileSystemFileEntry, handle?: FileSystemFileHandle | FileSystemDirectoryHandle }} Listed */

/** Folders that are listed at the same time. */
const ABREAST = 8
/** Files that go to the worker at a time, */
const CHUNK = 400
/** and so many times as many are asked for meanwhile: what comes in crowds costs the browser less. */
const ASKED = 3
/** Of files that were picked, fewer: asking for the size of one stops the page. */
const PICKED = 150
/** Files that are listed while others are read; a handle takes memory in the browser. */
const LISTED = 20_000

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
 * Everything in folders that were dropped. Names come much faster than files, so it is soon known how many there are.
 * @param {Folder[]} folders
 * @param {Hands} hands
 * @returns {Promise<Source>}
 */
export async function walked(folders, { check, add }) {
  /** @type {Source & { kind: 'files' }} */
  const source = { kind: 'files', name: folders.map(({ entry }) => entry.name).join(', '), files: [], folders: [] }
  /** What is listed, and not asked for yet. @type {Listed[]} */
  const listed = []
  /** What is asked for, and not handed over yet. @type {Array<Promise<void>>} */
  const asked = []
  let handed = Promise.resolve()
  let [count, all] = [0, 0]
  const ask = () => {
    const files = Promise.all(listed.splice(0, CHUNK).map(fileOf))
    // One after the other: where one fails, so do all that come later, and the last is waited for.
    handed = Promise.all([files, handed]).then(([files]) => add(files, all)).finally(() => void asked.shift())
    handed.catch(() => {})
    asked.push(handed)
  }
  const leave = async (/** @type {number} */ most) => {
    while (listed.length > most) {
      if (asked.length < ASKED) ask()
      else await asked[0]
    }
  }
  let open = folders.map((folder) => /** @type {[string, Folder]} */ ([folder.entry.name, folder]))
  while (open.length > 0) {
    const batch = open.splice(0, ABREAST)
    const before = listed.length
    const found = await Promise.all(batch.map(([path, folder]) => look(path, folder, listed)))
    count += listed.length - before
    source.folders.push(...batch.map(([path]) => path))
    open = [...found.flat(), ...open]
    check()
    if (asked.length < ASKED && listed.length >= CHUNK) ask()
    await leave(LISTED)
  }
  all = count
  await leave(0)
  await handed
  return source
}

/**
 * Adds the files of a folder; gives back the folders in it.
 * @param {string} path
 * @param {Folder} folder
 * @param {Listed[]} files
 * @returns {Promise<Array<[string, Folder]>>}
 */
async function look(path, { entry, handle }, files) {
  const [entries, handles] = await Promise.all([entriesOf(entry), handle.then(handlesOf)])
  /** @type {Array<[string, Folder]>} */
  const inner = []
  for (const entry of entries) {
    const handle = handles.get(entry.name)
    const name = `${path}/${entry.name}`
    if (entry.isFile) files.push({ path: name, entry: /** @type {FileSystemFileEntry} */ (entry), handle })
    else inner.push([name, { entry: /** @type {FileSystemDirectoryEntry} */ (entry), handle: Promise.resolve(handle?.kind === 'directory' ? handle : null) }])
  }
  return inner
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
 * @param {Listed} listed
 * @returns {Promise<[path: string, file: File]>}
 */
async function fileOf({ path, entry, handle }) {
  const quick = handle?.kind === 'file' && (await handle.getFile().catch(() => null))
  const file = quick || new Promise((resolve, reject) => entry.file(resolve, (error) => reject(new Error(`${path}: ${error.message}`))))
  return [path, await file]
}

/**
 * What a folder picker gave.
 * @param {File[]} files
 * @param {Hands} hands
 * @returns {Promise<Source>}
 */
export async function picked(files, { add }) {
  for (let at = 0; at < files.length; at += PICKED) {
    await add(files.slice(at, at + PICKED).map((file) => [file.webkitRelativePath || file.name, file]), files.length)
    // The page has its turn.
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { kind: 'files', name: files[0]?.webkitRelativePath.split('/', 1)[0] ?? '', files: [], folders: [] }
}
