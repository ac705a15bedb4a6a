// @ts-check
// The ways in: dropping, picking, pasting nothing. Each hands over what it got.

import { prepare } from './client.js'
import { byId } from './dom.js'
import { dropped, picked, walked } from './gather.js'

/** @typedef {import('../core/open.js').Source} Source */
/** @typedef {{ manifest: Uint8Array, name: string }} Manifest */
/** @typedef {{ sources: Array<(hands: import('./send.js').Hands) => Promise<Source>>, manifests: Manifest[] }} Given */

/** A manifest is text that begins so. */
const MANIFEST = /^(# |\\?[0-9a-f]{32}(?:[0-9a-f]{32})? [ *])/
/** No manifest is larger; archives are. */
const LARGEST = 64 * 1024 * 1024

/**
 * @param {File[]} files
 * @returns {Promise<Given>}
 */
async function fromFiles(files) {
  /** @type {Given} */
  const given = { sources: [], manifests: [] }
  for (const file of files) {
    const head = await file.slice(0, 80).text()
    if (file.size < LARGEST && MANIFEST.test(head)) given.manifests.push({ manifest: new Uint8Array(await file.arrayBuffer()), name: file.name })
    else given.sources.push(async () => ({ kind: 'archive', file }))
  }
  return given
}

/**
 * Everything dropped on the page is taken; `where` says whether it fell on the place for the earlier state.
 * @param {(given: Promise<Given>, onCompare: boolean) => void} take
 */
export function listen(take) {
  let depth = 0
  const mark = (/** @type {DragEvent} */ event, /** @type {number} */ step) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    depth = Math.max(0, depth + step)
    document.documentElement.classList.toggle('dragging', depth > 0)
  }
  addEventListener('dragenter', (event) => {
    if (depth === 0) prepare()
    mark(event, 1)
  })
  addEventListener('dragleave', (event) => mark(event, -1))
  addEventListener('dragover', (event) => mark(event, 0))
  addEventListener('drop', (event) => {
    if (!event.dataTransfer) return
    depth = 0
    prepare()
    mark(event, 0)
    const { folders, files } = dropped(event.dataTransfer)
    if (folders.length + files.length === 0) return
    const onCompare = event.target instanceof Element && event.target.closest('#compare') !== null
    take(fromDrop(folders, files), onCompare)
  })
}

/**
 * @param {import('./gather.js').Folder[]} folders
 * @param {File[]} files
 * @returns {Promise<Given>}
 */
async function fromDrop(folders, files) {
  // Loose files beside folders are no archives.
  const given = folders.length > 0 ? { sources: [], manifests: [] } : await fromFiles(files)
  return folders.length > 0 ? { ...given, sources: [(hands) => walked(folders, hands)] } : given
}

/**
 * Opens the browser's dialog for a folder, or for files.
 * @param {'folder' | 'file'} what
 * @param {(given: Promise<Given>) => void} take
 */
export function pick(what, take) {
  prepare()
  const input = /** @type {HTMLInputElement} */ (byId(`${what}-input`))
  input.onchange = () => {
    const files = [...(input.files ?? [])]
    input.value = ''
    if (files.length === 0) return
    take(what === 'folder' ? Promise.resolve({ sources: [(hands) => picked(files, hands)], manifests: [] }) : fromFiles(files))
  }
  input.click()
}
