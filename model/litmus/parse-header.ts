/** `MM name` and the kernel lines. */
import type { KernelLine, Name } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { accept, at, failExpected, failHere, is, isReported, peek, quote } from './cursor.ts'
import { report, spanFrom, startsThread, take } from './cursor.ts'
import type { Token } from './lexer.ts'
import { closest } from './suggest.ts'

/** Languages of herd7, whose files are easily mistaken for ours. */
const HERD_LANGUAGES: readonly string[] = [
  'C',
  'AArch64',
  'ARM',
  'BPF',
  'LISA',
  'MIPS',
  'PPC',
  'RISCV',
  'X86',
  'X86_64',
]
const NAME_HELP = "a name is one word of letters, digits, '_', '+', '.' and '-', on the line of 'MM'"

/** `MM name`. Where it is wrong, goes on at the kernel line. */
export function parseTestName(c: Cursor): Name | undefined {
  const name = parseFirstLine(c)
  const next = peek(c)
  const tooMuch = name !== undefined && next.kind !== 'eof' && !next.newlineBefore
  if (tooMuch) failHere(c, 'MM003', `unexpected ${quote(next.text)} after the name`, { help: NAME_HELP })
  if (name === undefined || tooMuch) skipToHeaderEnd(c)
  return name
}

function parseFirstLine(c: Cursor): Name | undefined {
  const first = peek(c)
  if (!accept(c, 'MM')) return isReported(c) ? undefined : reportFirstWord(c)
  const token = peek(c)
  if (token.kind !== 'word' || token.newlineBefore) {
    if (isReported(c)) return undefined
    return report(c, 'MM003', 'the test has no name', first.span, { help: NAME_HELP })
  }
  take(c)
  if (!/^[A-Za-z0-9]/.test(token.text)) {
    return report(c, 'MM003', `the name starts with ${quote(token.text.slice(0, 1))}`, token.span, { help: NAME_HELP })
  }
  return { text: token.text, span: token.span }
}

/** Reports that the file does not start with `MM`. */
export function reportFirstWord(c: Cursor): undefined {
  const first = peek(c)
  const help = looksLikeMM(first)
    ? "did you mean 'MM'?"
    : HERD_LANGUAGES.includes(first.text)
      ? `this looks like a herd7 test in ${first.text}, which mmcheck does not read`
      : undefined
  return report(c, 'MM002', "a litmus file starts with 'MM NAME'", first.span, { help })
}

const looksLikeMM = (token: Token): boolean => token.kind === 'word' && closest(token.text, ['MM']) !== undefined

/** Whether the file is in no way ours: then all that is wrong with it beyond its first word is noise. */
export function isForeign(c: Cursor): boolean {
  // A line of '#' before an otherwise good file is meant as a comment.
  if (peek(c).text === '#') return false
  const first = c.lexed.tokens.find((token) => token.kind !== 'bad') ?? c.lexed.eof
  return !looksLikeMM(first) && !['MM', 'kernel', '{'].some((text) => is(first, text))
}

function skipToHeaderEnd(c: Cursor): void {
  while (peek(c).kind !== 'eof' && !at(c, 'kernel') && !at(c, '{') && !startsThread(c)) take(c)
}

/** All kernel lines. Where one is wrong, goes on at the next, or at the initial state. */
export function parseKernels(c: Cursor): readonly KernelLine[] {
  const kernels: KernelLine[] = []
  if (!at(c, 'kernel')) {
    failHere(c, 'MM004', 'no kernel is given', { help: "write a line such as 'kernel v6.13'" })
  }
  while (at(c, 'kernel')) {
    const kernel = parseKernel(c)
    if (kernel !== undefined) kernels.push(kernel)
    if (!at(c, 'kernel') && !at(c, '{') && !startsThread(c) && peek(c).kind !== 'eof') {
      const next = kernel?.without.length === 0 ? "',', 'without', 'kernel' or '{'" : "',', 'kernel' or '{'"
      if (kernel !== undefined) failExpected(c, 'MM005', next)
      skipToHeaderEnd(c)
    }
  }
  return kernels
}

function parseKernel(c: Cursor): KernelLine | undefined {
  const first = take(c)
  const names = parseList(c, 'the name of a kernel')
  if (names === undefined) return undefined
  const without = accept(c, 'without') ? parseList(c, 'the label of a step') : []
  return without && { names, without, span: spanFrom(c, first) }
}

function parseList(c: Cursor, what: string): readonly Name[] | undefined {
  const names: Name[] = []
  do {
    const token = peek(c)
    if (token.kind !== 'word' || token.text === 'kernel' || token.text === 'without') {
      return failExpected(c, 'MM005', what)
    }
    take(c)
    names.push({ text: token.text, span: token.span })
  } while (accept(c, ','))
  return names
}
