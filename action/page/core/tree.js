// @ts-check
// Files and folders in memory: names and where the contents are, not the contents.

/**
 * @typedef {object} File
 * @property {'file'} kind
 * @property {number} size
 * @property {boolean} [exec] whether its owner may execute it; absent where that is not known
 * @property {Blob | Uint8Array<ArrayBuffer>} [blob] its content, which is in memory only where it is small
 * @property {() => ReadableStream<Uint8Array>} [open] its content, where it has to be unpacked
 * @property {() => Promise<Uint8Array>} [whole] the same in one piece, where that is faster
 * @property {string} [damage] why it cannot be read
 * @property {Record<string, Uint8Array>} [digests] those that were found already
 */
/** @typedef {{ kind: 'link', target: string }} Link */
/** @typedef {{ kind: 'folder', children: Map<string, Node> }} Folder */
/** @typedef {File | Link | Folder} Node */

/** How many symbolic links may follow each other, as on Linux. */
const LINKS = 40

/** @returns {Folder} */
export function folder() {
  return { kind: 'folder', children: new Map() }
}

/**
 * The names in a path.
 * @param {string} path
 */
function partsOf(path) {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/**
 * Puts something into a tree, and makes the folders that it is in.
 * @param {Folder} root
 * @param {string} path
 * @param {Node} node
 */
export function put(root, path, node) {
  const parts = partsOf(path)
  // Archives can hold such names; nobody unpacks them outside the folder either.
  if (parts.includes('..')) return
  const name = parts.pop()
  if (name === undefined) return
  let at = root
  for (const part of parts) {
    let next = at.children.get(part)
    if (next?.kind !== 'folder') at.children.set(part, (next = folder()))
    at = next
  }
  const there = at.children.get(name)
  if (node.kind === 'folder' && there?.kind === 'folder') return
  at.children.set(name, node)
}

/**
 * What is at a path; links on the way are followed, and the last one where that is said.
 * @param {Folder} root
 * @param {string} path
 * @param {boolean} [followLast]
 * @returns {Node | undefined}
 */
export function find(root, path, followLast = true) {
  const open = partsOf(path).reverse()
  /** @type {Folder[]} */
  const above = []
  /** @type {Node} */
  let at = root
  let links = 0
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (at.kind !== 'folder') return undefined
    if (part === '..') {
      const parent = above.pop()
      if (!parent) return undefined
      at = parent
      continue
    }
    /** @type {Node | undefined} */
    const next = at.children.get(part)
    if (!next) return undefined
    if (next.kind === 'link' && (followLast || open.length > 0)) {
      // What is outside of the project is not here.
      if (++links > LINKS || next.target.startsWith('/')) return undefined
      open.push(...partsOf(next.target).reverse())
      continue
    }
    above.push(at)
    at = next
  }
  return at
}

/**
 * Every file and link below a folder.
 * @param {Folder} root
 * @param {(path: string, node: File | Link) => void} each
 * @param {string} [prefix]
 */
export function walk(root, each, prefix = '') {
  /** @type {Array<[string, Folder]>} */
  const open = [[prefix, root]]
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, { children }] = next
    for (const [name, node] of children) {
      if (node.kind === 'folder') open.push([`${path}${name}/`, node])
      else each(path + name, node)
    }
  }
}
