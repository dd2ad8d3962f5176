/**
 * The parser's place in the tokens, and how it reports and recovers. A parsing function that returns
 * undefined has reported why.
 */
import type { Name, ThreadRef } from './ast.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { LitmusCode } from './errors.ts'
import type { Lexed, Token } from './lexer.ts'
import { NUMBER_MAX } from './lexer.ts'
import type { Source, Span } from './source.ts'
import { positionOf } from './source.ts'

/** After this many, more errors tell nobody anything. */
export const DIAGNOSTICS_MAX = 20
/** Longer text is cut where a message quotes it. */
const QUOTE_MAX = 24

/** Mutable: `pos` and the parser's own diagnostics grow as parsing goes on. */
export interface Cursor {
  readonly source: Source
  readonly lexed: Lexed
  readonly diagnostics: Diagnostic[]
  pos: number
}

export const cursorAt = (source: Source, lexed: Lexed): Cursor => ({ source, lexed, diagnostics: [], pos: 0 })

export const peek = (c: Cursor, ahead: number = 0): Token => c.lexed.tokens[c.pos + ahead] ?? c.lexed.eof

export function take(c: Cursor): Token {
  const token = peek(c)
  if (token.kind !== 'eof') c.pos++
  return token
}

/** Whether the token is this very word or operator. */
export const is = (token: Token, text: string): boolean =>
  (token.kind === 'word' || token.kind === 'punct') && token.text === text

export const at = (c: Cursor, text: string): boolean => is(peek(c), text)

export function accept(c: Cursor, text: string): boolean {
  if (!at(c, text)) return false
  c.pos++
  return true
}

/** The end of the token before: where something missing should have been. */
export function endBefore(c: Cursor): number {
  return c.lexed.tokens[c.pos - 1]?.span.end ?? 0
}

export const spanFrom = (c: Cursor, first: { readonly span: Span }): Span => ({
  start: first.span.start,
  end: Math.max(first.span.end, endBefore(c)),
})

export const quote = (text: string): string =>
  `'${text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX - 3)}...` : text}'`

const describe = (token: Token): string => (token.kind === 'eof' ? 'the end of the file' : quote(token.text))

export interface Extra {
  readonly help?: string | undefined
  readonly notes?: readonly string[]
}

export function report(c: Cursor, code: LitmusCode, message: string, span: Span, extra: Extra = {}): undefined {
  if (c.diagnostics.length >= DIAGNOSTICS_MAX) return undefined
  const help = extra.help === undefined ? {} : { help: extra.help }
  const notes = extra.notes === undefined ? {} : { notes: extra.notes }
  c.diagnostics.push({ code, message, span, ...help, ...notes })
  return undefined
}

/** Whether what stands here has been reported by the lexer, so that a second report would be noise. */
export function isReported(c: Cursor): boolean {
  const token = peek(c)
  return token.kind === 'bad' || (token.kind === 'eof' && c.lexed.truncated)
}

/** Reports `message` at the token that stands here, or just after the last one at the end of the file. */
export function failHere(c: Cursor, code: LitmusCode, message: string, extra?: Extra): undefined {
  if (isReported(c)) return undefined
  const token = peek(c)
  if (token.kind !== 'eof') return report(c, code, message, token.span, extra)
  // Of all that is missing at the end, only the first is news.
  if (c.diagnostics.some(({ span }) => span.start === endBefore(c) && span.end === span.start)) return undefined
  return report(c, code, message, { start: endBefore(c), end: endBefore(c) }, extra)
}

/** `failHere` with the message `expected THIS, found THAT`. */
export const failExpected = (c: Cursor, code: LitmusCode, expected: string, help?: string): undefined =>
  failHere(c, code, `expected ${expected}, found ${describe(peek(c))}`, { help })

/** A note that says where something else stands. Counting lines takes time, so not for what will not be shown. */
export function lineNote(c: Cursor, what: string, span: Span): string {
  if (c.diagnostics.length >= DIAGNOSTICS_MAX) return what
  return `${what} in line ${positionOf(c.source, span.start).line}`
}

export function expect(c: Cursor, text: string, help?: string): Token | undefined {
  return at(c, text) ? take(c) : failExpected(c, 'MM020', `'${text}'`, help)
}

/** An identifier; `what` says of what, for the message. */
export function parseName(c: Cursor, what: string, help?: string): Name | undefined {
  const token = peek(c)
  if (token.kind !== 'word') return failExpected(c, 'MM020', what, help)
  c.pos++
  return { text: token.text, span: token.span }
}

/** `P<n>` in a token, or undefined (nothing is reported) where it is none. */
export function threadRef(token: Token): ThreadRef | undefined {
  if (token.kind !== 'word' || !/^P(0|[1-9][0-9]{0,4})$/.test(token.text)) return undefined
  const index = Number(token.text.slice(1))
  return index <= NUMBER_MAX ? { index, span: token.span } : undefined
}

/** Whether a thread's block begins here; tells `P1 {` from a register or a setting named `P1`. */
export function startsThread(c: Cursor): boolean {
  const token = peek(c)
  const next = peek(c, 1)
  return token.kind === 'word' && /^P[0-9]+$/.test(token.text) && (is(next, '{') || is(next, 'in'))
}

/** Whether the final condition begins here, on a line of its own: no declaration or statement starts so. */
export function startsFinal(c: Cursor): boolean {
  if (!peek(c).newlineBefore) return false
  if (at(c, '~') && is(peek(c, 1), 'exists')) return true
  return (at(c, 'exists') || at(c, 'forall')) && is(peek(c, 1), '(')
}

/** The `;` after `what`. Where a line or the block ends without one, that is reported and parsing goes on. */
export function endOf(c: Cursor, what: string): boolean {
  if (accept(c, ';')) return true
  const next = peek(c)
  if (isReported(c)) return false
  if (next.kind !== 'eof' && !is(next, '}') && !next.newlineBefore) {
    return failExpected(c, 'MM021', `';' after the ${what}`) ?? false
  }
  report(c, 'MM021', `missing ';' after the ${what}`, { start: endBefore(c), end: endBefore(c) })
  return true
}

/** After an error: past the next `;`, or past a `{ }` that has no place here, or up to what ends the block. */
export function recover(c: Cursor): void {
  let depth = 0
  while (peek(c).kind !== 'eof') {
    if (startsThread(c) || startsFinal(c)) return
    if (at(c, '}') && depth === 0) return
    const token = take(c)
    if (is(token, '{')) depth++
    if (is(token, '}') && --depth === 0) return
    if (is(token, ';') && depth === 0) return
  }
}
