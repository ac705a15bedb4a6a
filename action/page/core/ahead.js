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
/**
 * @param {import('./hash.js').Core} core
 * @param {Algorithm} algorithm
 */
export function ahead(core, algorithm) {
  let isOver = false
  let [files, bytes] = [0, 0]
  const check = () => {
    if (isOver) throw new Cancelled()
  }
  return {
    /**
     * Hashes what is likely needed; whoever brings files waits for it, so that they come as fast as they are read.
     * @param {Named[]} named
     */
    async take(named) {
      const likely = named.filter(([path, { size }]) => {
        if (files >= FILES || bytes + size > BYTES || size > LARGEST || UNLIKELY.test(path)) return false
        files++
        bytes += size
        return true
      })
      // What cannot be read is told when it is asked for.
      await hash(core, likely, algorithm, check).catch(() => {})
    },
    /** Ends it. */
    end() {
      isOver = true
    },
  }
}
