import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cond, LitmusFile, Name } from '../../model/litmus/ast.ts'
import { formatDiagnostic } from '../../model/litmus/diagnostic.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printBody, printCond, printDecl, printLitmus, printStmt } from '../../model/litmus/printer.ts'
import { SEED } from '../support/seed.ts'
import { litmusFile, stripSpans } from './tree.ts'

function parsed(text: string): LitmusFile {
  const source = { name: 'x.litmus', text }
  const result = parseLitmus(source)
  if (!result.ok) throw new Error(result.diagnostics.map((d) => formatDiagnostic(source, d)).join('\n'))
  return result.file
}

describe('print and parse', () => {
  test('parsing what is printed gives the same tree', () => {
    fc.assert(
      fc.property(litmusFile, (file) => {
        const text = printLitmus(file)
        const again = parsed(text)
        expect(stripSpans(again)).toEqual(stripSpans(file))
        expect(printLitmus(again)).toBe(text)
      }),
      { numRuns: 500, seed: SEED },
    )
  })

  test('the body alone parses to the same tree without name and comments', () => {
    fc.assert(
      fc.property(litmusFile, (file) => {
        const again = parsed(`MM ${file.name.text}\n${printBody(file)}`)
        expect(stripSpans(again)).toEqual(stripSpans({ ...file, comments: [] }))
        expect(printBody(again)).toBe(printBody(file))
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  test('a line is wider than 75 columns only where it holds one indivisible part', () => {
    fc.assert(
      fc.property(litmusFile, (file) => {
        const long = printLitmus({ ...file, comments: [] })
          .split('\n')
          .filter((line) => line.length > 75)
        for (const line of long) expect(line).toMatch(/^(MM |kernel |P\d+:|(~exists|exists|forall) \(| {2})/)
      }),
      { seed: SEED },
    )
  })
})

describe('spans', () => {
  test('each node spans its own text', () => {
    fc.assert(
      fc.property(litmusFile, (generated) => {
        // printBody keeps each part on one line, as printDecl, printStmt and printCond do.
        const text = `MM ${generated.name.text}\n${printBody(generated)}`
        const file = parsed(text)
        const at = ({ span }: { readonly span: { readonly start: number; readonly end: number } }): string =>
          text.slice(span.start, span.end)
        expect(at(file)).toBe(text.trimEnd())
        for (const name of namesOf(file)) expect(at(name)).toBe(name.text)
        for (const decl of file.decls) expect(`${at(decl)};`).toBe(printDecl(decl))
        for (const thread of file.threads) {
          expect(at(thread.thread)).toBe(`P${thread.thread.index}`)
          expect(at(thread)).toMatch(/^P\d+ [^]*\}$/)
          for (const stmt of thread.stmts) expect(`${at(stmt)};`).toBe(printStmt(stmt))
        }
        if (file.final !== undefined) {
          expect(at(file.final)).toBe(`${file.final.quantifier} (${printCond(file.final.cond)})`)
          for (const cond of condsOf(file.final.cond)) expect(at(cond)).toBe(printCond(cond))
        }
      }),
      { numRuns: 300, seed: SEED },
    )
  })
})

/** Every Name of the tree: any record that has just a text and a span and is no value. */
function namesOf(node: unknown): readonly Name[] {
  if (Array.isArray(node)) return node.flatMap(namesOf)
  if (typeof node !== 'object' || node === null) return []
  if (isName(node)) return [node]
  return Object.values(node).flatMap(namesOf)
}

const isName = (node: object): node is Name => 'text' in node && 'span' in node && !('kind' in node)

function condsOf(cond: Cond): readonly Cond[] {
  switch (cond.kind) {
    case 'and':
    case 'or':
      return [cond, ...cond.args.flatMap(condsOf)]
    case 'not':
      return [cond, ...condsOf(cond.arg)]
    case 'register':
    case 'page':
      return [cond]
  }
}
