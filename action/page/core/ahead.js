// @ts-check
// Hashing ahead: while the page still asks the browser for the next files, those that it has are hashed already. Nothing depends on it; what is hashed is not read again.

import { Cancelled } from './failure.js'
import { hash } from './hash.js'

/** @typedef {import('./hash.js').Named} Named */
/** @typedef {import('../../../pkg/docktag.js').Algorithm} Algorithm */

/** What is hashed in vain costs little: so many files and bytes in all, */
const FILES = 20_000
const BYTES = 128 * 1024 * 1024
/** of no more bytes each, */
const LARGEST = 256 * 1024
/** and not what projects rarely copy. */
const UNLIKELY = /(^|\/)(\.git|node_modules)\//
/** As many as are read at the same time. */
const AT_ONCE = 1600

/**
 * @param {import('./hash.js').Core} core
 * @param {Algorithm} algorithm
 */
export function ahead(core, algorithm) {
  let isOver = false
  let [files, bytes] = [0, 0]
  /** @type {Named[]} */
  let open = []
  /** @type {Promise<void> | undefined} */
  let working
  const check = () => {
    if (isOver) throw new Cancelled()
  }
  const work = async () => {
    while (open.length > 0 && !isOver) {
      // What cannot be read is told when it is asked for.
      await hash(core, open.splice(0, AT_ONCE), algorithm, check).catch(() => {})
    }
    working = undefined
  }
  return {
    /** @param {Named[]} named */
    take(named) {
      for (const it of named) {
        const [path, { size }] = it
        if (files >= FILES || bytes + size > BYTES || size > LARGEST || UNLIKELY.test(path)) continue
        files++
        bytes += size
        open.push(it)
      }
      working ??= work()
    },
    /** Ends it; what is being read is hashed yet. */
    async end() {
      isOver = true
      await working
    },
  }
}
