// @ts-check
// Files that decide, with how much each of their lines takes in or leaves out.

import { h } from './dom.js'
import { bytes, plural, shown } from './format.js'

/** @param {import('../core/lines.js').Lines[]} files */
export function linesView(files) {
  if (files.length === 0) return null
  return h('section', { 'aria-labelledby': 'lines-title' },
    h('h2', { id: 'lines-title' }, 'The lines that decide'),
    ...files.map((file) => h('figure', { class: 'source' },
      h('figcaption', {}, shown(file.file), h('span', {}, file.kind === 'ignore' ? 'what each pattern leaves out' : 'what each instruction takes in')),
      listing(file.lines, 1, (number) => {
        const mark = file.marks.get(number)
        return mark ? { kind: file.kind === 'ignore' ? 'ignored' : 'counted', text: `${plural(mark.files, 'file')}, ${bytes(mark.bytes)}` } : null
      }, file.file))))
}

/**
 * Numbered lines, some of them marked.
 * @param {string[]} lines
 * @param {number} first
 * @param {(number: number) => { kind: string, text: string } | null} mark
 * @param {string} name
 */
export function listing(lines, first, mark, name) {
  return h('div', { class: 'listing', tabindex: 0, role: 'region', 'aria-label': `Text of ${shown(name)}` },
    h('table', {}, h('tbody', {}, ...lines.map((line, index) => {
      const found = mark(first + index)
      return h('tr', { class: found ? `marked ${found.kind}` : undefined },
        h('td', { class: 'line-number' }, String(first + index)),
        h('td', { class: 'code' }, h('code', {}, shown(line.replaceAll('\t', '    ')))),
        h('td', { class: 'mark' }, found?.text ?? ''))
    }))))
}
