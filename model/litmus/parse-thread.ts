/** Threads and their statements: `P0 in B { r0 = read(a[0]); }`. */
import type { Arg, Name, Stmt, ThreadDecl, ThreadRef } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { accept, at, endOf, expect, failExpected, is, isReported, lineNote, parseName, peek, quote } from './cursor.ts'
import { recover, report, spanFrom, startsFinal, startsThread, take } from './cursor.ts'
import { closeParen, parsePages } from './parse-pages.ts'
import type { Span } from './source.ts'

const USAGE = "write 'r0 = read(a[0]);' or 'write(a);'"
const ARGUMENT = "an argument is a name, pages 'a[i]' or 'a[i..j]', or a number"
const NO_PARAMETERS = 'threads take no parameters; what they work on stands in the initial state'

/** A thread from its name, already taken, to its `}`; undefined where there is no block. */
export function parseThread(c: Cursor, thread: ThreadRef): ThreadDecl | undefined {
  const mm = accept(c, 'in') ? parseName(c, 'the name of an mm') : null
  if (mm === undefined) return undefined
  const open = expect(c, '{', at(c, '(') ? NO_PARAMETERS : undefined)
  if (open === undefined) return undefined
  const stmts: Stmt[] = []
  const registers = new Map<string, Span>()
  while (!accept(c, '}')) {
    if (peek(c).kind === 'eof' || startsThread(c) || startsFinal(c)) {
      if (!isReported(c)) report(c, 'MM022', `P${thread.index} is not closed: '}' is missing`, open.span)
      break
    }
    const stmt = parseStmt(c)
    if (stmt !== undefined) {
      stmts.push(stmt)
      if (stmt.register !== undefined) setRegister(c, stmt.register, thread, registers)
    }
    if (stmt === undefined || !endOf(c, 'statement')) recover(c)
  }
  return { thread, ...(mm === null ? {} : { mm }), stmts, span: spanFrom(c, thread) }
}

function setRegister(c: Cursor, register: Name, thread: ThreadRef, registers: Map<string, Span>): void {
  const before = registers.get(register.text)
  if (before === undefined) registers.set(register.text, register.span)
  else {
    const notes = [lineNote(c, 'first set', before)]
    report(c, 'MM042', `P${thread.index} sets ${quote(register.text)} twice`, register.span, { notes })
  }
}

function parseStmt(c: Cursor): Stmt | undefined {
  const first = peek(c)
  if (first.kind !== 'word') return failExpected(c, 'MM043', 'a statement', USAGE)
  const register = is(peek(c, 1), '=') ? nameOf(take(c)) : undefined
  if (register !== undefined) take(c)
  const token = peek(c)
  if (token.kind !== 'word' || token.text === 'exists' || token.text === 'forall') {
    return failExpected(c, 'MM043', 'an operation', USAGE)
  }
  const op = nameOf(take(c))
  const open = peek(c)
  if (!accept(c, '(')) return failExpected(c, 'MM043', `'(' after the operation ${quote(op.text)}`, USAGE)
  const args: Arg[] = []
  if (!at(c, ')')) {
    do {
      const arg = parseArg(c)
      if (arg === undefined) return undefined
      args.push(arg)
    } while (accept(c, ','))
  }
  if (!closeParen(c, open, "',' or ')'", 'MM020')) return undefined
  return { ...(register === undefined ? {} : { register }), op, args, span: spanFrom(c, first) }
}

const nameOf = (token: { readonly text: string; readonly span: Span }): Name => ({ text: token.text, span: token.span })

function parseArg(c: Cursor): Arg | undefined {
  const token = peek(c)
  if (token.kind === 'number') {
    take(c)
    return { kind: 'number', value: Number(token.text), span: token.span }
  }
  const name = parseName(c, 'an argument', ARGUMENT)
  if (name === undefined) return undefined
  if (!at(c, '[')) return { kind: 'name', name }
  const range = parsePages(c, ARGUMENT)
  return range && { kind: 'pages', name, range, span: spanFrom(c, name) }
}
