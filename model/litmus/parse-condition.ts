/** The final condition: `~exists (P0:r0 = 0 /\ (a[0] = guard \/ ~(P1:r1 != -EAGAIN)))`. */
import type { Comparison, Cond, Final, Quantifier, ThreadRef, Value } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { accept, at, failExpected, failHere, is, parseName, peek, quote, report, spanFrom } from './cursor.ts'
import { take, threadRef } from './cursor.ts'
import { closeParen, parseSingle } from './parse-pages.ts'
import type { Span } from './source.ts'

/** How deep parentheses and negations nest, so that no input can use up the stack. */
export const NESTING_MAX = 64

const ATOM = "write 'P0:r0 = VALUE' or 'NAME[i] = VALUE'"
const ONE_PAGE = 'a condition looks at one page at a time; join several with /\\'

/** The quantifier and its condition; the first token of a quantifier stands here. */
export function parseFinal(c: Cursor): Final | undefined {
  const first = take(c)
  const quantifier = quantifierOf(c, first.text)
  if (quantifier === undefined) return undefined
  const open = peek(c)
  if (!accept(c, '(')) return failExpected(c, 'MM050', "'('", 'the whole condition stands in parentheses')
  const cond = parseOr(c, 0)
  if (cond === undefined || !closeParen(c, open, "/\\, \\/ or ')'", 'MM050')) return undefined
  return { quantifier, cond, span: spanFrom(c, first) }
}

function quantifierOf(c: Cursor, first: string): Quantifier | undefined {
  if (first === 'exists' || first === 'forall') return first
  return accept(c, 'exists') ? '~exists' : failExpected(c, 'MM050', "'exists' after '~'")
}

const parseOr = (c: Cursor, depth: number): Cond | undefined => parseJoined(c, depth, 'or', '\\/', parseAnd)
const parseAnd = (c: Cursor, depth: number): Cond | undefined => parseJoined(c, depth, 'and', '/\\', parseNot)

function parseJoined(
  c: Cursor,
  depth: number,
  kind: 'and' | 'or',
  operator: string,
  parsePart: (c: Cursor, depth: number) => Cond | undefined,
): Cond | undefined {
  const start = peek(c)
  const first = parsePart(c, depth)
  if (first === undefined) return undefined
  const args = [first]
  while (acceptJoin(c, kind, operator)) {
    const next = parsePart(c, depth)
    if (next === undefined) return undefined
    args.push(next)
  }
  return args.length === 1 ? first : { kind, args, span: spanFrom(c, start) }
}

/** `and` and `or` as words are reported and taken for the operators: a word has no other place there. */
function acceptJoin(c: Cursor, word: 'and' | 'or', operator: string): boolean {
  if (accept(c, operator)) return true
  if (!at(c, word)) return false
  failHere(c, 'MM011', `'${word}' is not an operator here`, { help: `write ${operator} for '${word}'` })
  take(c)
  return true
}

function parseNot(c: Cursor, depth: number): Cond | undefined {
  const first = peek(c)
  if (depth > NESTING_MAX) return failHere(c, 'MM024', 'the condition is nested too deeply')
  if (acceptNot(c)) {
    const arg = parseNot(c, depth + 1)
    return arg && { kind: 'not', arg, span: spanFrom(c, first) }
  }
  if (!accept(c, '(')) return parseAtom(c)
  const inner = parseOr(c, depth + 1)
  if (inner === undefined || !closeParen(c, first, "/\\, \\/ or ')'", 'MM050')) return undefined
  return inner
}

function acceptNot(c: Cursor): boolean {
  if (accept(c, '~')) return true
  const next = peek(c, 1)
  if (!at(c, 'not') || !(next.kind === 'word' || is(next, '(') || is(next, '~'))) return false
  failHere(c, 'MM011', "'not' is not an operator here", { help: "write ~ for 'not'" })
  take(c)
  return true
}

function parseAtom(c: Cursor): Cond | undefined {
  const first = peek(c)
  if (is(peek(c, 1), ':')) return parseRegisterAtom(c)
  if (first.kind !== 'word') return failExpected(c, 'MM050', 'a condition', ATOM)
  take(c)
  if (!at(c, '[')) {
    const help = "a register is named with its thread, as in 'P0:r0'; a page as in 'a[0]'"
    return failExpected(c, 'MM050', `':' or '[' after ${quote(first.text)}`, help)
  }
  const page = parseSingle(c, 'a page number', ONE_PAGE)
  if (page === undefined) return undefined
  const right = parseComparison(c, first)
  return right && { kind: 'page', name: { text: first.text, span: first.span }, page, ...right }
}

/** A bare thread number, as herd7 has it, is reported and understood. */
function parseRegisterAtom(c: Cursor): Cond | undefined {
  const first = peek(c)
  const numbered: ThreadRef | undefined =
    first.kind === 'number' ? { index: Number(first.text), span: first.span } : undefined
  const thread = threadRef(first) ?? numbered
  if (thread === undefined || thread === numbered) {
    const help = numbered === undefined ? 'threads are P0, P1, ...' : `write P${numbered.index}`
    failHere(c, 'MM050', `${quote(first.text)} is not a thread`, { help })
  }
  if (thread === undefined) return undefined
  take(c)
  take(c)
  const register = parseName(c, 'a register')
  if (register === undefined) return undefined
  const right = parseComparison(c, first)
  return right && { kind: 'register', thread, register, ...right }
}

interface Right {
  readonly comparison: Comparison
  readonly value: Value
  readonly span: Span
}

function parseComparison(c: Cursor, first: { readonly span: Span }): Right | undefined {
  const comparison: Comparison | undefined = at(c, '=') ? '=' : at(c, '!=') ? '!=' : undefined
  if (comparison === undefined) return failExpected(c, 'MM050', "'=' or '!='")
  take(c)
  const value = parseValue(c)
  return value && { comparison, value, span: spanFrom(c, first) }
}

function parseValue(c: Cursor): Value | undefined {
  const first = peek(c)
  const sign = accept(c, '-') ? '-' : ''
  const token = peek(c)
  if (token.kind !== 'number' && token.kind !== 'word') {
    return failExpected(c, 'MM051', 'a value', 'a value is a number, a name such as SEGV, or an error such as -EAGAIN')
  }
  take(c)
  const span = spanFrom(c, first)
  if (is(peek(c), ':') || at(c, '[')) {
    return report(c, 'MM051', 'the right side is a value, not a register or a page', spanFrom(c, first))
  }
  if (token.kind === 'word') return { kind: 'symbol', text: sign + token.text, span }
  const magnitude = Number(token.text)
  return { kind: 'number', value: sign === '' || magnitude === 0 ? magnitude : -magnitude, span }
}
