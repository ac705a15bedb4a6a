// @ts-check
// Errors of this host, as the core's failures.

import { spell } from './names.js'

/** @typedef {import('../../../pkg/docktag.js').Failure} Failure */

/** What the core tells apart. */
export class HostFailure extends Error {
  /**
   * @param {Failure['kind']} kind
   * @param {string} message
   * @param {string} [path]
   */
  constructor(kind, message, path) {
    super(message)
    /** @type {Failure} */
    this.failure = path === undefined ? { kind, message } : { kind, message, path: spell(path) }
  }
}

/** The user has had enough. */
export class Cancelled extends Error {}

/**
 * @param {unknown} error
 * @param {string} [path]
 */
export function hostFailure(error, path) {
  if (error instanceof HostFailure || error instanceof Cancelled) return error
  const { name, message } = /** @type {Error} */ (error)
  // source: File API, "Error conditions": a file that changed after it was chosen cannot be read any more.
  if (name === 'NotFoundError') return new HostFailure('not-found', message, path)
  if (name === 'NotReadableError') return new HostFailure('other', 'the browser may not read it, or it changed since it was chosen', path)
  return new HostFailure('other', message, path)
}
