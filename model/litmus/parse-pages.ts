/** `[i]`, `[i..j]` and lists: what declarations, statements and conditions share. */
import type { PageRange } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { accept, at, expect, failExpected, peek, report, spanFrom, take } from './cursor.ts'
import type { Token } from './lexer.ts'

/** A number; `what` says of what, for the message. */
export function parseNumber(c: Cursor, what: string, code: 'MM020' | 'MM025' = 'MM020'): number | undefined {
  const token = peek(c)
  if (token.kind !== 'number') return failExpected(c, code, what)
  c.pos++
  return Number(token.text)
}

const PAGES = "pages are '[i]' or '[i..j]'"

/** `[i]` or `[i..j]`; `usage` helps where there is none. The span covers the brackets. */
export function parsePages(c: Cursor, usage: string): PageRange | undefined {
  const open = expect(c, '[', usage)
  if (open === undefined) return undefined
  const first = parseNumber(c, 'a page number', 'MM025')
  if (first === undefined) return undefined
  let last = first
  if (!at(c, ']')) {
    if (!accept(c, '..')) return failExpected(c, 'MM025', "'..' or ']'", PAGES)
    const end = parseNumber(c, 'the last page', 'MM025')
    if (end === undefined) return undefined
    last = end
    if (!at(c, ']')) return failExpected(c, 'MM025', "']'", PAGES)
  }
  take(c)
  const span = spanFrom(c, open)
  if (last < first) {
    return report(c, 'MM026', 'the range ends before it starts', span, { help: `write ${last}..${first}` })
  }
  return { first, last, span }
}

/** `[n]` where a range has no place; `help` says what the number is. */
export function parseSingle(c: Cursor, what: string, help: string): number | undefined {
  if (expect(c, '[', help) === undefined) return undefined
  const value = parseNumber(c, what, 'MM025')
  if (value === undefined) return undefined
  if (!at(c, ']')) return failExpected(c, 'MM025', "']'", help)
  take(c)
  return value
}

/** The `)` of `open`; pointed at the `(` where what encloses it ends first. */
export function closeParen(c: Cursor, open: Token, expected: string, code: 'MM020' | 'MM050'): boolean {
  if (accept(c, ')')) return true
  if (!c.lexed.truncated && (peek(c).kind === 'eof' || at(c, ';') || at(c, '}'))) {
    report(c, 'MM023', "this '(' is never closed", open.span)
    return false
  }
  failExpected(c, code, expected)
  return false
}
