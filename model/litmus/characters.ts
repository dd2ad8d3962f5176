/** The operators, those of other languages that people write in their place, and characters with no meaning. */

export interface Operator {
  readonly text: string
  /** For an operator of another language: the one to go on with. */
  readonly meant?: string
  readonly help?: string
}

const own = (text: string): Operator => ({ text })
const foreign =
  (meant: string, help: string) =>
  (text: string): Operator => ({ text, meant, help })

const and = foreign('/\\', "write /\\ for 'and'")
const or = foreign('\\/', "write \\/ for 'or'")
const not = foreign('~', "write ~ for 'not'")
const equal = foreign('=', 'write a single =')
const differ = foreign('!=', 'write != for unequal')
const upTo = foreign('..', 'write a range of pages as i..j')
const implies = foreign('\\/', 'a => b is written ~a \\/ b')
const minus = foreign('-', 'write a plain minus, -')

/** Longest first, so that the first that fits is the one meant. */
export const OPERATORS: readonly Operator[] = [
  ...['{', '}', '[', ']', '(', ')', ';', ',', ':', '=', '!=', '..', '/\\', '\\/', '~', '-'].map(own),
  ...['&&', '&', '/\\\\', '\u2227'].map(and),
  ...['||', '|', '\\\\/', '\u2228'].map(or),
  ...['!', '\u00ac'].map(not),
  ...['==', '===', ':='].map(equal),
  ...['<>', '!==', '=/=', '\u2260'].map(differ),
  ...['=>', '->'].map(implies),
  ...['...', '\u2026'].map(upTo),
  ...['\u2212', '\u2013', '\u2014'].map(minus),
].sort((a, b) => b.text.length - a.text.length)

export interface BadCharacter {
  /** The text to skip. */
  readonly text: string
  readonly code: 'MM010' | 'MM014'
  readonly message: string
  readonly help?: string
}

const QUOTES = 'nothing is quoted in a litmus file'
const ORDER = 'only = and != compare'
const BLANK = 'write a plain blank'

const HELP: ReadonlyMap<string, string> = new Map([
  ['#', "comments are (* ... *) or // ...; a name cannot hold '#'"],
  ['<', ORDER],
  ['>', ORDER],
  ['"', QUOTES],
  ["'", QUOTES],
  ['`', QUOTES],
  ['\u201c', QUOTES],
  ['\u201d', QUOTES],
  ['\u2018', QUOTES],
  ['\u2019', QUOTES],
  ['\u00a0', BLANK],
  ['\u2009', BLANK],
  ['\u200b', 'delete it'],
  ['\ufeff', 'delete it'],
  ['/', 'write /\\ for and, \\/ for or'],
  ['\\', 'write /\\ for and, \\/ for or'],
  ['.', 'write a range of pages as i..j'],
])

/** Describes the character at `pos`, which starts no token. `lineStart` tells whether it is the first of its line. */
export function badCharacter(text: string, pos: number, lineStart: boolean): BadCharacter {
  if (text.startsWith('*)', pos)) return { text: '*)', code: 'MM014', message: "'*)' without '(*'" }
  const code = text.codePointAt(pos) ?? 0
  const char = String.fromCodePoint(code)
  const printable = code > 0x20 && code < 0x7f
  const shown = printable ? `'${char}'` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  const help = char === '>' && lineStart ? "delete the '>' of the quoted mail" : HELP.get(char)
  return {
    text: char,
    code: 'MM010',
    message: `unexpected character ${shown}`,
    ...(help === undefined ? {} : { help }),
  }
}
