/** What follows the initial state: threads in order, then at most one final condition. */
import type { Final, ThreadDecl, ThreadRef } from './ast.ts'
import type { Cursor } from './cursor.ts'
import {
  at,
  failHere,
  is,
  lineNote,
  peek,
  quote,
  report,
  startsFinal,
  startsThread,
  take,
  threadRef,
} from './cursor.ts'
import type { Token } from './lexer.ts'
import { parseFinal } from './parse-condition.ts'
import { parseThread } from './parse-thread.ts'
import type { Span } from './source.ts'
import { closest } from './suggest.ts'

export interface Body {
  readonly threads: readonly ThreadDecl[]
  readonly final?: Final
}

/** Grows while the body is parsed; what is wrong stays known by its place, to report what conflicts with it. */
interface Progress {
  readonly threads: ThreadDecl[]
  readonly places: Map<number, Span>
  /** After one error of numbering the next would be its echo. */
  misnumbered: boolean
  final?: Final
  finalPlace?: Span
}

/** Parses to the end of the text. */
export function parseBody(c: Cursor): Body {
  const progress: Progress = { threads: [], places: new Map(), misnumbered: false }
  while (peek(c).kind !== 'eof') {
    const token = peek(c)
    const parsed =
      token.kind === 'word' && /^P[0-9]+$/.test(token.text)
        ? threadHere(c, progress)
        : at(c, '~') || at(c, 'exists') || at(c, 'forall')
          ? finalHere(c, progress)
          : strayHere(c, progress)
    if (!parsed) skipToNext(c)
  }
  if (progress.places.size === 0) failHere(c, 'MM007', 'the test has no thread', { help: "write 'P0 { ... }'" })
  return progress.final === undefined
    ? { threads: progress.threads }
    : { threads: progress.threads, final: progress.final }
}

function skipToNext(c: Cursor): void {
  while (peek(c).kind !== 'eof' && !startsThread(c) && !startsFinal(c)) take(c)
}

function threadHere(c: Cursor, progress: Progress): boolean {
  const token = take(c)
  if (progress.finalPlace !== undefined) {
    const notes = [lineNote(c, 'the final condition is', progress.finalPlace)]
    report(c, 'MM053', `${quote(token.text)} stands after the final condition`, token.span, { notes })
  }
  const thread = parseThread(c, numberThread(c, token, progress))
  if (thread === undefined) return false
  progress.threads.push(thread)
  return true
}

function numberThread(c: Cursor, token: Token, progress: Progress): ThreadRef {
  const expected = progress.places.size
  const thread = threadRef(token)
  const before = thread && progress.places.get(thread.index)
  if (before !== undefined) {
    const notes = [lineNote(c, 'first', before)]
    report(c, 'MM041', `${quote(token.text)} is given twice`, token.span, { notes })
    progress.misnumbered = true
  } else if (thread?.index !== expected && !progress.misnumbered) {
    const help = 'threads are numbered P0, P1, P2, ... in the order in which they stand'
    report(c, 'MM040', `expected P${expected}, found ${quote(token.text)}`, token.span, { help })
    progress.misnumbered = true
  }
  const numbered = thread ?? { index: expected, span: token.span }
  if (before === undefined) progress.places.set(numbered.index, token.span)
  return numbered
}

function finalHere(c: Cursor, progress: Progress): boolean {
  const { span } = peek(c)
  if (progress.finalPlace !== undefined) {
    const notes = [lineNote(c, 'the first is', progress.finalPlace)]
    report(c, 'MM052', 'a second final condition', span, { help: 'join the two with /\\ or \\/', notes })
  }
  progress.finalPlace ??= span
  const final = parseFinal(c)
  if (final === undefined) return false
  progress.final ??= final
  return true
}

function strayHere(c: Cursor, progress: Progress): boolean {
  const token = peek(c)
  const help = strayHelp(c, token, progress)
  failHere(c, 'MM008', `unexpected ${quote(token.text)}`, { help })
  take(c)
  return false
}

function strayHelp(c: Cursor, token: Token, progress: Progress): string {
  if (is(token, '/\\') || is(token, '\\/')) return 'the whole condition stands in one pair of parentheses'
  if (is(token, 'kernel')) return 'kernel lines stand before the initial state'
  if (token.kind === 'word') {
    const near = closest(token.text, ['exists', '~exists', 'forall'])
    if (near !== undefined) return `did you mean '${near}'?`
    if (is(peek(c, 1), '{') || is(peek(c, 1), '(')) return "threads are 'P0 { ... }', 'P1 { ... }', ..."
  }
  return progress.finalPlace === undefined
    ? "here stand threads 'P0 { ... }', then exists, ~exists or forall"
    : 'nothing follows the final condition'
}
