/** Small changes to litmus trees. Spans are kept, so that a statement is known again by where it once stood. */
import type {
  Arg,
  BackingDecl,
  Decl,
  FillDecl,
  LitmusFile,
  MapDecl,
  PageRange,
  Stmt,
  ThreadDecl,
} from '../../model/litmus/ast.ts'
import { findOperation } from '../../model/mm/operations.ts'

export const mapsOf = (file: LitmusFile): readonly MapDecl[] => file.decls.filter((d) => d.kind === 'map')
export const backingsOf = (file: LitmusFile): readonly BackingDecl[] => file.decls.filter((d) => d.kind === 'backing')
export const fillsOf = (file: LitmusFile): readonly FillDecl[] => file.decls.filter((d) => d.kind === 'fill')

/** The threads with their numbers set right. */
export const numbered = (threads: readonly ThreadDecl[]): readonly ThreadDecl[] =>
  threads.map((t, index) => ({ ...t, thread: { ...t.thread, index } }))

/** Declarations through a function that gives what each becomes: nothing, itself, another one, several. */
export const withDecls = (file: LitmusFile, change: (d: Decl) => readonly Decl[]): LitmusFile => ({
  ...file,
  decls: file.decls.flatMap(change),
})

/** As `withDecls`, of statements. Threads without any are kept. */
export const withStmts = (file: LitmusFile, change: (s: Stmt) => readonly Stmt[]): LitmusFile => ({
  ...file,
  threads: file.threads.map((t) => ({ ...t, stmts: t.stmts.flatMap(change) })),
})

export const withoutDecl = (file: LitmusFile, decl: Decl): LitmusFile => withDecls(file, (d) => (d === decl ? [] : [d]))

/** The name that an argument starts with. */
export const argName = (arg: Arg): string | undefined => (arg.kind === 'number' ? undefined : arg.name.text)

export const lengthOf = (m: MapDecl): number => m.range.last - m.range.first + 1

/** How many pages an operation is told to work on by an argument; 0 where it does not work page by page. */
export function operandPages(file: LitmusFile, stmt: Stmt, arg: Arg): number {
  if (arg.kind === 'number') return 0
  const map = mapsOf(file).find((m) => m.name.text === arg.name.text)
  const backing = backingsOf(file).find((b) => b.name.text === arg.name.text)
  // Other operations on a file take a page of it for a place.
  const byPages = findOperation(stmt.op.text)?.operand === 'file_pages'
  const all = map !== undefined ? lengthOf(map) : byPages ? (backing?.pages ?? 0) : 0
  return arg.kind === 'name' || all === 0 ? all : arg.range.last - arg.range.first + 1
}

/** Whether some statement names `name`. */
export const isUsed = (file: LitmusFile, name: string): boolean =>
  file.threads.some((t) => t.stmts.some((s) => s.args.some((a) => argName(a) === name)))

/** The pages of `range` that lie in 0..pages - 1 after going down by `down`; undefined where none is left. */
export function moved(range: PageRange, down: number, pages: number): PageRange | undefined {
  const first = Math.max(range.first - down, 0)
  const last = Math.min(range.last - down, pages - 1)
  return first > last ? undefined : { ...range, first, last }
}

/** A range with one page less, at either end. */
export const shorter = (range: PageRange): readonly PageRange[] =>
  range.first === range.last
    ? []
    : [
        { ...range, last: range.last - 1 },
        { ...range, first: range.first + 1 },
      ]

/** The file without what says nothing about its properties: comments, final condition, registers. */
export function bare({ final: _, ...file }: LitmusFile): LitmusFile {
  return withStmts({ ...file, comments: [] }, ({ register: _register, ...s }) => [s])
}
