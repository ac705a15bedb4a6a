// @ts-check
// Two manifests, compared by the core, with what the page shows of each line.

import { text } from './names.js'

/** @typedef {import('../../../pkg/docktag.js').Algorithm} Algorithm */
/** @typedef {{ kind: 'added' | 'removed' | 'changed' | 'renamed', path: string, before: string, after: string }} Change */
/** @typedef {{ changes: Change[], tags: [string, string], same: number, notes: string[] }} Comparison */

/**
 * @param {Pick<typeof import('../../../pkg/docktag.js'), 'diffManifests' | 'parseManifest' | 'tag'>} core
 * @param {Uint8Array} before
 * @param {Uint8Array} after
 * @param {Algorithm} algorithm
 * @returns {Comparison}
 */
export function compare(core, before, after, algorithm) {
  const diff = core.diffManifests(before, after, algorithm)
  const [old, now] = [before, after].map((manifest) => core.parseManifest(manifest, algorithm))
  const digests = (/** @type {typeof old} */ { files }) => new Map(files.map(({ path, digest }) => [text(path), digest]))
  const [was, is] = [digests(old), digests(now)]
  const kinds = /** @type {const} */ (['changed', 'added', 'removed'])
  const changes = kinds.flatMap((kind) =>
    diff[kind].map((path) => ({ kind, path: text(path), before: was.get(text(path)) ?? '', after: is.get(text(path)) ?? '' })),
  )
  const renamed = diff.renamed.map(({ from, to }) => {
    const digest = is.get(text(to)) ?? ''
    return { kind: /** @type {const} */ ('renamed'), path: `${text(from)} → ${text(to)}`, before: digest, after: digest }
  })
  return {
    changes: [...changes, ...renamed],
    tags: [core.tag(before, algorithm), core.tag(after, algorithm)],
    same: now.files.length - diff.added.length - diff.changed.length - diff.renamed.length,
    notes: diff.notes.map((note) => note.text),
  }
}

/**
 * The algorithm of a manifest, by the length of its first digest.
 * @param {Uint8Array} manifest
 * @returns {Algorithm}
 */
export function algorithmOf(manifest) {
  const line = new TextDecoder().decode(manifest.subarray(0, 1 << 16)).split('\n').find((it) => it !== '' && !it.startsWith('#')) ?? ''
  return /^\\?[0-9a-f]{64} /.test(line) ? 'sha256' : 'md5'
}
