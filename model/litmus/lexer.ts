/**
 * Text to tokens. Two alphabets: up to the first `{` or `(` a word may hold `.`, `-` and `+`, as
 * names of tests, kernels and labels do; after it words are identifiers and numbers are numbers.
 */
import type { Diagnostic } from './diagnostic.ts'
import { badCharacter, OPERATORS } from './characters.ts'
import type { Source, Span } from './source.ts'
import type { LitmusCode } from './errors.ts'

export interface Token {
  /** `bad` stands for something already reported, about which the parser keeps silent. */
  readonly kind: 'word' | 'number' | 'punct' | 'bad' | 'eof'
  /** As written; for an operator of another language, the one that was meant. */
  readonly text: string
  readonly span: Span
  /** Whether a line end stands between the token before and this one (true for the first). */
  readonly newlineBefore: boolean
}

export interface Lexed {
  readonly tokens: readonly Token[]
  readonly eof: Token
  readonly comments: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
  /** A comment without end has swallowed the rest, so that what seems missing may be in it. */
  readonly truncated: boolean
}

/** The largest number in a litmus file. */
export const NUMBER_MAX = 65535

const SPACE = /[ \t\r\n]+/y
const HEADER_WORD = /[A-Za-z0-9_][A-Za-z0-9_+.-]*/y
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /[0-9][A-Za-z0-9_]*/y

interface State {
  readonly text: string
  pos: number
  header: boolean
  newline: boolean
  truncated: boolean
  readonly tokens: Token[]
  readonly comments: string[]
  readonly diagnostics: Diagnostic[]
  /** Characters already complained of: a quoted mail has the same one on every line. */
  readonly complained: Set<string>
}

/** Never throws; text without meaning is reported and becomes `bad` tokens. */
export function lex(source: Source): Lexed {
  const { text } = source
  const s: State = {
    text,
    pos: text.startsWith('\ufeff') ? 1 : 0,
    header: true,
    newline: true,
    truncated: false,
    tokens: [],
    comments: [],
    diagnostics: [],
    complained: new Set(),
  }
  while (s.pos < text.length) lexOne(s)
  const span = { start: text.length, end: text.length }
  const eof: Token = { kind: 'eof', text: '', span, newlineBefore: s.newline }
  return { tokens: s.tokens, eof, comments: s.comments, diagnostics: s.diagnostics, truncated: s.truncated }
}

function lexOne(s: State): void {
  const space = match(s, SPACE)
  if (space !== undefined) {
    s.newline ||= space.includes('\n')
    s.pos += space.length
    return
  }
  if (s.text.startsWith('(*', s.pos)) return blockComment(s)
  if (s.text.startsWith('//', s.pos)) return lineComment(s)
  const word = match(s, s.header ? HEADER_WORD : WORD)
  if (word !== undefined) return push(s, 'word', word, word.length)
  const digits = match(s, NUMBER)
  if (digits !== undefined) return number(s, digits)
  const operator = OPERATORS.find((op) => s.text.startsWith(op.text, s.pos))
  if (operator === undefined) return bad(s)
  if (operator.meant !== undefined) {
    report(s, 'MM011', `'${operator.text}' is not an operator here`, operator.text.length, operator.help)
  }
  if (operator.text === '{' || operator.text === '(') s.header = false
  push(s, 'punct', operator.meant ?? operator.text, operator.text.length)
}

function match(s: State, pattern: RegExp): string | undefined {
  pattern.lastIndex = s.pos
  return pattern.exec(s.text)?.[0]
}

function push(s: State, kind: Token['kind'], text: string, length: number): void {
  s.tokens.push({ kind, text, span: { start: s.pos, end: s.pos + length }, newlineBefore: s.newline })
  s.pos += length
  s.newline = false
}

function report(s: State, code: LitmusCode, message: string, length: number, help?: string): void {
  const span = { start: s.pos, end: s.pos + length }
  s.diagnostics.push({ code, message, span, ...(help === undefined ? {} : { help }) })
}

function number(s: State, text: string): void {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) {
    const plain = /^0+[0-9]/.test(text) && /^[0-9]+$/.test(text) ? `: ${text.replace(/^0+(?=.)/, '')}` : ''
    report(s, 'MM012', 'malformed number', text.length, `numbers are decimal, without leading zeros${plain}`)
    return push(s, 'bad', text, text.length)
  }
  if (text.length > 5 || Number(text) > NUMBER_MAX) {
    report(s, 'MM013', 'number too large', text.length, `numbers run from 0 to ${NUMBER_MAX}`)
    return push(s, 'bad', text, text.length)
  }
  push(s, 'number', text, text.length)
}

function lineComment(s: State): void {
  const newline = s.text.indexOf('\n', s.pos)
  const end = newline < 0 ? s.text.length : newline
  s.comments.push(commentText(s.text.slice(s.pos + 2, end)))
  s.pos = end
}

function blockComment(s: State): void {
  const end = blockCommentEnd(s.text, s.pos)
  if (end === undefined) {
    report(s, 'MM014', 'unterminated comment', 2, "each '(*' needs a '*)' of its own: comments nest")
    s.truncated = true
    s.pos = s.text.length
    return
  }
  const text = s.text.slice(s.pos + 2, end - 2)
  s.newline ||= text.includes('\n')
  s.comments.push(commentText(text))
  s.pos = end
}

/** A comment as kept in the tree; applying it twice changes nothing. */
const commentText = (raw: string): string => raw.replace(/\r+\n/g, '\n').trim()

/** Where the comment that opens at `start` ends, inner ones skipped; undefined where it does not. */
export function blockCommentEnd(text: string, start: number): number | undefined {
  const delimiter = /\(\*|\*\)/g
  delimiter.lastIndex = start
  let depth = 0
  for (let found = delimiter.exec(text); found !== null; found = delimiter.exec(text)) {
    depth += found[0] === '(*' ? 1 : -1
    if (depth === 0) return delimiter.lastIndex
  }
  return undefined
}

function bad(s: State): void {
  const lineStart = s.pos === 0 || s.text[s.pos - 1] === '\n'
  const { text, message, help, code } = badCharacter(s.text, s.pos, lineStart)
  if (!s.complained.has(text)) report(s, code, message, text.length, help)
  s.complained.add(text)
  push(s, 'bad', text, text.length)
}
