/** One text for all scenarios that differ in names, in the order of threads or in spelling alone. */
import type { Arg, Decl, FillDecl, LitmusFile, Name, Stmt, ThreadDecl } from '../../model/litmus/ast.ts'
import { printStmt } from '../../model/litmus/printer.ts'
import { OPERATIONS } from '../../model/mm/operations.ts'
import { backingsOf, fillsOf, mapsOf, numbered } from './tree.ts'

const KINDS: readonly Decl['kind'][] = ['backing', 'mm', 'map', 'child', 'setting', 'fill', 'vma', 'cache']

const letters = (from: string) => (i: number) => {
  const at = from.charCodeAt(0) + i
  return at <= 'z'.charCodeAt(0) ? String.fromCharCode(at) : `${from}${i}`
}

/** New names by old ones, in the order of declaration. A mapping is a, b, ..., a file f, g, ..., an mm A, B, ... */
function names(file: LitmusFile): ReadonlyMap<string, string> {
  const mms = file.decls.filter((d) => d.kind === 'mm')
  const rename = (decls: readonly { readonly name: Name }[], next: (i: number) => string): [string, string][] =>
    decls.map((d, i) => [d.name.text, next(i)])
  const children = file.decls.filter((d) => d.kind === 'child')
  const mapped = [...mapsOf(file), ...children]
  const few = mapped.length <= 5
  return new Map([
    ...rename(mapped, few ? letters('a') : (i) => `m${i}`),
    ...rename(backingsOf(file), few ? letters('f') : (i) => `f${i}`),
    ...rename(mms, (i) => `mm${i}`),
  ])
}

/** Page by page, in the order of mappings, the last word on each page alone; then in ranges again. */
function orderedFills(file: LitmusFile): readonly FillDecl[] {
  return mapsOf(file).flatMap((m) => {
    const pages = new Map<number, FillDecl>()
    for (const f of fillsOf(file))
      if (f.name.text === m.name.text) for (let p = f.range.first; p <= f.range.last; p++) pages.set(p, f)
    const out: FillDecl[] = []
    for (const [page, { access: given, ...fill }] of [...pages].sort(([a], [b]) => a - b)) {
      const access = given === 'read' ? undefined : given
      const last = out[out.length - 1]
      if (last !== undefined && last.range.last === page - 1 && last.access === access)
        out[out.length - 1] = { ...last, range: { ...last.range, last: page } }
      else {
        const range = { ...fill.range, first: page, last: page }
        out.push(access === undefined ? { ...fill, range } : { ...fill, range, access })
      }
    }
    return out
  })
}

/** `a` where all pages of a mapping of several are meant, and where the operation takes a mapping; else `a[0]`. */
function spelt(file: LitmusFile, op: string, arg: Arg): Arg {
  if (arg.kind === 'number') return arg
  const map = mapsOf(file).find((m) => m.name.text === arg.name.text)
  const operand = OPERATIONS.find((o) => o.name === op)?.operand
  // A chunk of a file is named by a page of it, and the first needs no page.
  if (operand === 'file' && arg.kind === 'pages' && arg.range.first === 0) return { kind: 'name', name: arg.name }
  if (map === undefined) return arg
  const { first, last } = map.range
  const pages = last - first + 1
  const whole = arg.kind === 'name' || (arg.range.first === 0 && arg.range.last === pages - 1)
  if (whole && (pages > 1 || operand === 'mapping')) return { kind: 'name', name: arg.name }
  if (arg.kind === 'pages') return arg
  return { kind: 'pages', name: arg.name, range: { first: 0, last: 0, span: arg.name.span }, span: arg.name.span }
}

/** Whether an argument is a word of the operation's own, which no declaration gives. */
const isWord = (s: Stmt, argument: number): boolean =>
  argument > 0 && OPERATIONS.find((o) => o.name === s.op.text)?.operand === 'pages_word'

/** Threads by their first operation, in the order of the table of operations, and then by what they say. */
function compareThreads(a: ThreadDecl, b: ThreadDecl): number {
  const rank = (s: Stmt): number => OPERATIONS.findIndex((o) => o.name === s.op.text)
  for (let i = 0; i < Math.max(a.stmts.length, b.stmts.length); i++) {
    const x = a.stmts[i]
    const y = b.stmts[i]
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1
    const [left, right] = [printStmt(x), printStmt(y)]
    if (rank(x) !== rank(y)) return rank(x) - rank(y)
    if (left !== right) return left < right ? -1 : 1
  }
  const [left, right] = [a.mm?.text ?? '', b.mm?.text ?? '']
  return left === right ? 0 : left < right ? -1 : 1
}

/** The canonical tree. Threads that say the same keep their order; nothing but names and order is changed. */
export function canonical(file: LitmusFile): LitmusFile {
  const known = names(file)
  const rename = (n: Name): Name => ({ ...n, text: known.get(n.text) ?? n.text })
  const inMm = (mm: Name | undefined): { readonly mm?: Name } => (mm === undefined ? {} : { mm: rename(mm) })
  const decls = KINDS.flatMap((kind): readonly Decl[] =>
    kind === 'fill' ? orderedFills(file) : file.decls.filter((d) => d.kind === kind),
  ).map((d): Decl => {
    switch (d.kind) {
      case 'setting':
        return d
      case 'backing':
      case 'mm':
      case 'fill':
      case 'vma':
      case 'cache':
        return { ...d, name: rename(d.name) }
      case 'child':
        return { ...d, name: rename(d.name), of: rename(d.of), mm: rename(d.mm) }
      case 'map': {
        const source = d.source.kind === 'anon' ? d.source : { ...d.source, name: rename(d.source.name) }
        return { ...d, name: rename(d.name), source, ...inMm(d.mm) }
      }
    }
  })
  const threads = file.threads.map((t): ThreadDecl => ({
    ...t,
    ...inMm(t.mm),
    stmts: t.stmts.map((s) => ({
      ...s,
      args: s.args.map((a, i) => {
        const arg = spelt(file, s.op.text, a)
        return arg.kind === 'number' || isWord(s, i) ? arg : { ...arg, name: rename(arg.name) }
      }),
    })),
  }))
  return { ...file, decls, threads: numbered([...threads].sort(compareThreads)) }
}
