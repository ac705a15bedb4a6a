// @ts-check
// From errors of Node to failures of the core.

/** @typedef {import('../pkg/docktag.js').Failure} Failure */
/** @typedef {import('../pkg/docktag.js').Path} Path */

/** @type {Record<string, Failure['kind'] | undefined>} */
const KINDS = { ENOENT: 'not-found', ENOTDIR: 'is-a-file', EISDIR: 'is-a-folder' }

/** What the core tells apart, thrown by the functions of this host. */
export class HostFailure extends Error {
  /**
   * @param {Failure['kind']} kind
   * @param {string} message
   * @param {Path} [path]
   */
  constructor(kind, message, path) {
    super(message)
    this.failure = path === undefined ? { kind, message } : { kind, message, path }
  }
}

/**
 * What is thrown for an error about a file.
 * @param {unknown} error
 * @param {Path} path
 */
export function ofFile(error, path) {
  const { kind, message } = failure(error)
  return new HostFailure(kind, message, path)
}

/**
 * A failure with the system's words; `path` where the need named several.
 * @param {unknown} error
 * @param {Path} [path]
 * @returns {Failure}
 */
export function failure(error, path) {
  if (error instanceof HostFailure) return error.failure
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
  const kind = KINDS[code ?? ''] ?? 'other'
  // `EACCES: permission denied, open 'x'`: the place is said by who shows it.
  const words = code?.startsWith('E') ? message.replace(/, \w+ '.*$/s, '') : message
  return new HostFailure(kind, words, path).failure
}
