// @ts-check
// Elements from data. Texts are only ever texts: nothing here reads HTML.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: any) => void)>} [attributes] functions listen to the event of that name
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') element.addEventListener(name, value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child)
  return element
}

/**
 * The element of the page with that id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element
}

/**
 * Says something to those who do not see the page.
 * @param {string} text
 */
export function announce(text) {
  byId('status').textContent = text
}

/**
 * A text in which what stands between backquotes is code.
 * @param {string} text
 * @returns {Array<Node | string>}
 */
export function prose(text) {
  const parts = text.split('`')
  // Where they do not come in pairs they are only characters.
  return parts.length % 2 === 0 ? [text] : parts.map((part, index) => (index % 2 ? h('code', {}, part) : part))
}

/**
 * A button that copies a text.
 * @param {string} text
 * @param {string} what for those who do not see what it stands beside
 */
export function copyButton(text, what) {
  const button = h('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${what}`, click: () => void copy() }, 'Copy')
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
    announce(`${what} copied`)
    setTimeout(() => (button.textContent = 'Copy'), 1600)
  }
  return button
}
