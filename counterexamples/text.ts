/** Plain text that survives mail: ASCII only, wrapped without cutting names in two. */

const SPELLINGS: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u2013': '-',
  '\u2014': '--',
  '\u2026': '...',
  '\u2190': '<-',
  '\u2192': '->',
  '\u2227': '/\\',
  '\u2228': '\\/',
  '\u2260': '!=',
  '\u2264': '<=',
  '\u2265': '>=',
}

/**
 * One line of printable ASCII: blanks and control characters of any kind become one blank, well-known
 * symbols are spelt out, and anything else becomes `?`. Scissors (`>8`, `8<`) are prised apart, since
 * git takes a line with them and enough dashes for the start of a mail, however far it is indented.
 */
export function toAscii(text: string): string {
  return text
    .replace(/[\s\p{C}]+/gu, ' ')
    .replace(/[^ -~]/gu, (c) => SPELLINGS[c] ?? '?')
    .replace(/>(?=[8%])|[8%](?=<)/g, '$& ')
    .trim()
}

const isNameChar = (c: string | undefined): boolean => c !== undefined && /[A-Za-z0-9_]/.test(c)

/** Where a word may be cut: after punctuation, before a name; never within a name, nor after a sign before it. */
export function pieces(word: string): string[] {
  const out: string[] = []
  let piece = ''
  let named = false
  for (const c of word) {
    if (named && isNameChar(c) && !isNameChar(piece.at(-1))) {
      out.push(piece)
      piece = ''
    }
    piece += c
    named = named || isNameChar(c)
  }
  return [...out, piece]
}

/** Columns by which the second and later lines of a step are set in. */
export const HANGING = 2

export interface WrapWidth {
  /** Columns that the text should keep to. */
  readonly width: number
  /** Columns that a word may reach rather than be broken; `width` where not given. */
  readonly limit?: number
  /** Columns by which later lines are set in; `HANGING` where not given. */
  readonly hanging?: number
}

/**
 * Breaks one line of text into lines of at most `width` columns, later ones set in. It breaks at
 * blanks. A word too long for a line may reach `limit`; beyond that it is broken after punctuation,
 * and a name is cut where nothing else helps. Widths below 4 count as 4; an empty text gives no line.
 */
export function wrap(text: string, { width: asked, limit: askedLimit, hanging = HANGING }: WrapWidth): string[] {
  if (text === '') return []
  const width = Math.max(asked, 4)
  const limit = Math.max(askedLimit ?? width, width)
  const lines: string[] = []
  let line = ''
  let empty = true
  const flush = (): void => {
    lines.push(line)
    line = ' '.repeat(hanging)
    empty = true
  }
  const put = (part: string, blank: boolean): void => {
    if (!empty && line.length + (blank ? 1 : 0) + part.length > width) flush()
    line += (blank && !empty ? ' ' : '') + part
    empty = false
    while (line.length > limit) {
      const rest = line.slice(limit)
      line = line.slice(0, limit)
      flush()
      line += rest
      empty = false
    }
  }
  for (const word of text.split(' ')) {
    if (word.length <= limit - hanging) put(word, true)
    else pieces(word).forEach((piece, i) => put(piece, i === 0))
  }
  return empty ? lines : [...lines, line]
}
