// @ts-check
// What can go wrong here, in the form of the core's own errors.

/** @typedef {import('../../../pkg/docktag.js').Failed} Failed */

/** Something that is shown to the user with its remedy. */
export class Trouble extends Error {
  /**
   * @param {string} message
   * @param {string} help
   * @param {string | null} [place]
   */
  constructor(message, help, place = null) {
    super(message)
    /** @type {Failed} */
    this.failed = { code: 'page', place, line: null, column: null, message, help }
  }
}

/**
 * Any error as one to show.
 * @param {unknown} error
 * @returns {Failed}
 */
export function failed(error) {
  if (error instanceof Trouble) return error.failed
  const { message = String(error), code, place = null, line = null, column = null, help = null } = /** @type {Partial<Failed> & Error} */ (error)
  return { code: typeof code === 'string' ? code : 'page', message, place, line, column, help }
}
