/** The litmus text format, read by recursive descent: one function for each rule of the grammar. */
import type { LitmusFile } from './ast.ts'
import { at, cursorAt, DIAGNOSTICS_MAX, peek, report, spanFrom } from './cursor.ts'
import type { Diagnostic } from './diagnostic.ts'
import { lex } from './lexer.ts'
import { parseBody } from './parse-body.ts'
import { isForeign, parseKernels, parseTestName, reportFirstWord } from './parse-header.ts'
import { missingInit, parseInit } from './parse-init.ts'
import type { Source } from './source.ts'

export type ParseResult =
  { readonly ok: true; readonly file: LitmusFile } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/**
 * Parses a litmus file. Checks syntax and what can be known without kernels and operations: names
 * given twice, the numbering of threads. Never throws. Where it fails there is at least one
 * diagnostic; they are ordered by place, and at most twenty.
 */
export function parseLitmus(source: Source): ParseResult {
  const lexed = lex(source)
  const c = cursorAt(source, lexed)
  const first = peek(c)
  if (first.kind === 'eof') {
    const help = "a test starts with 'MM NAME'"
    if (!lexed.truncated) report(c, 'MM001', 'the file holds no test', { start: 0, end: 0 }, { help })
    return failure(c.diagnostics, lexed.diagnostics)
  }
  if (isForeign(c)) {
    reportFirstWord(c)
    return failure(c.diagnostics, [])
  }
  const name = parseTestName(c)
  const kernels = parseKernels(c)
  if (!at(c, '{')) missingInit(c)
  const decls = at(c, '{') ? parseInit(c) : []
  const body = parseBody(c)
  if (name === undefined || c.diagnostics.length + lexed.diagnostics.length > 0) {
    return failure(c.diagnostics, lexed.diagnostics)
  }
  const { comments } = lexed
  return { ok: true, file: { name, comments, kernels, decls, ...body, span: spanFrom(c, first) } }
}

function failure(ours: readonly Diagnostic[], lexical: readonly Diagnostic[]): ParseResult {
  const all = [...ours, ...lexical].sort((a, b) => a.span.start - b.span.start)
  return { ok: false, diagnostics: all.slice(0, DIAGNOSTICS_MAX) }
}
