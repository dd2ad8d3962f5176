/** Text in XML and HTML. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** One line without control characters, without what turns the direction of writing, and without what XML forbids. */
export const plain = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')

/** One line as it may stand in XML or HTML, within an element or a quoted attribute: markup is spelt out. */
export const escaped = (text: string): string => plain(text).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? '')
