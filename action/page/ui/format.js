// @ts-check
// Numbers and names as people read them.

const UNITS = ['kB', 'MB', 'GB', 'TB']

/** @param {number} count */
export function bytes(count) {
  if (count < 1000) return `${count} B`
  let value = count
  let unit = -1
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`
}

/**
 * @param {number} count
 * @param {string} one
 */
export function plural(count, one) {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`
}

/**
 * A name that can be shown: control characters, marks that turn the direction of writing, and bytes that are no text would hide what it is.
 * @param {string} name
 */
export function shown(name) {
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (character) => {
    const code = character.charCodeAt(0)
    if (character === '\n') return '\\n'
    return code >= 0xdc80 && code <= 0xdcff ? `\\x${(code - 0xdc00).toString(16)}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/**
 * A word for a shell.
 * @param {string} word
 */
export function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
