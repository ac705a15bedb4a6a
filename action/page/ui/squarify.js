// @ts-check
// Rectangles in proportion to weights, as square as can be.
// source: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/**
 * @param {number[]} weights from large to small, all above zero
 * @param {Box} box
 * @returns {Box[]} in the same order
 */
export function squarify(weights, box) {
  /** @type {Box[]} */
  const boxes = []
  let { x, y, width, height } = box
  let left = weights.reduce((sum, weight) => sum + weight, 0)
  for (let start = 0; start < weights.length; ) {
    const scale = (width * height) / left
    const side = Math.min(width, height)
    let [end, sum, worst] = [start, 0, Infinity]
    while (end < weights.length) {
      const next = sum + weights[end]
      const ratio = worstRatio(weights[start] * scale, weights[end] * scale, next * scale, side)
      if (ratio > worst) break
      ;[worst, sum, end] = [ratio, next, end + 1]
    }
    const depth = side > 0 ? (sum * scale) / side : 0
    let along = 0
    for (; start < end; start++) {
      const length = depth > 0 ? (weights[start] * scale) / depth : 0
      boxes.push(width >= height ? { x, y: y + along, width: depth, height: length } : { x: x + along, y, width: length, height: depth })
      along += length
    }
    if (width >= height) [x, width] = [x + depth, width - depth]
    else [y, height] = [y + depth, height - depth]
    left -= sum
  }
  return boxes
}

/**
 * How far from a square the worst of a row is.
 * @param {number} largest
 * @param {number} smallest
 * @param {number} sum
 * @param {number} side
 */
function worstRatio(largest, smallest, sum, side) {
  const square = side * side
  return Math.max((square * largest) / (sum * sum), (sum * sum) / (square * smallest))
}
