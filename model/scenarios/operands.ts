/** The arguments of a litmus statement, as what an operation is applied to. */
import { object } from '../language/expr.ts'
import type { Arg, Stmt } from '../litmus/ast.ts'
import type { Span } from '../litmus/source.ts'
import type { Argument, Operation, OperandKind, Pages } from '../mm/operations/operation.ts'
import { mappingNamed, within, type Backing, type Mapping, type World } from './place.ts'
import { hint, refuse } from './problem.ts'

const SHAPES: Readonly<Record<OperandKind, string>> = {
  pages: 'a mapping or pages of it, as a, a[0] or a[0..1]',
  page: 'one page of a mapping, as a[0]',
  mapping: 'a mapping that one PMD covers, as a',
  ranges: 'one to four ranges of pages, as a[0], a[2..3]',
  page_value: 'one page of a mapping and what is stored, as a[0], 2',
  page_word: 'one page of a mapping and a word',
  pages_word: 'pages of a mapping and a word',
  pages_pages: 'pages of two mappings, as a[0..1], b[0..1]',
  file: 'a file, as f',
  file_pages: 'a file or pages of it, as f or f[0..1]',
  file_size: 'a file and a number of pages, as f, 1',
  mm: 'an mm that a fork makes, as m1',
  own_mm: 'an mm, as m1',
}

const RANGES_MAX = 4
const VALUE_MAX = 3

interface Context {
  readonly statement: Stmt
  readonly op: Operation
  readonly world: World
  /** The mm that the thread is declared to run in. */
  readonly mm: number | undefined
}

/** Reads the arguments of a statement in the form that its operation asks for. */
export function readArgument(statement: Stmt, op: Operation, world: World, mm: number | undefined): Argument {
  const c: Context = { statement, op, world, mm }
  const { args } = statement
  const [first, second, third] = args
  const wrong = (): never => {
    const words = op.words === undefined ? '' : `: ${op.words.join(', ')}`
    return refuse('MM105', `'${op.name}' takes ${SHAPES[op.operand]}${words}`, statement.span)
  }
  if (first === undefined || first.kind === 'number') return wrong()
  switch (op.operand) {
    case 'pages':
    case 'page':
    case 'mapping':
      return second === undefined ? { kind: 'pages', at: pagesAt(c, first) } : wrong()
    case 'page_value': {
      if (third !== undefined || second?.kind !== 'number') return wrong()
      if (second.value > VALUE_MAX) refuse('MM105', `contents are 0 to ${VALUE_MAX}`, second.span)
      return { kind: 'pages', at: pagesAt(c, first), value: second.value }
    }
    case 'page_word':
    case 'pages_word': {
      if (third !== undefined || second?.kind !== 'name') return wrong()
      const word = second.name.text
      const known = op.words ?? []
      if (!known.includes(word)) return refuse('MM105', `unknown word '${word}'`, second.name.span, hint(word, known))
      return { kind: 'pages', at: pagesAt(c, first), word }
    }
    case 'pages_pages':
      if (third !== undefined || second === undefined || second.kind === 'number') return wrong()
      checkPlaces(c, first, second)
      return { kind: 'pages', at: pagesAt(c, first), to: pagesAt(c, second) }
    case 'ranges':
      if (args.length > RANGES_MAX) return wrong()
      return { kind: 'ranges', ranges: args.map((a) => (a.kind === 'number' ? wrong() : pagesAt(c, a))) }
    case 'file':
      return second === undefined ? chunkAt(c, first) : wrong()
    case 'file_pages': {
      if (second !== undefined) return wrong()
      const b = backingNamed(c, first)
      const range = first.kind === 'pages' ? first.range : { first: 0, last: b.pages - 1 }
      return { kind: 'file', at: { file: object('file', b.file), first: range.first, last: range.last } }
    }
    case 'file_size': {
      if (third !== undefined || second?.kind !== 'number') return wrong()
      const b = backingNamed(c, first)
      if (second.value > b.pages)
        refuse('MM103', `'${b.name}' has places for ${b.pages} pages`, second.span, 'declare it longer, with a size')
      return { kind: 'file', at: { file: object('file', b.file), first: second.value, last: second.value } }
    }
    case 'mm':
      return second === undefined ? forkInto(c, first) : wrong()
    case 'own_mm':
      return second === undefined ? mmNamed(c, first) : wrong()
  }
}

function mmNumber({ world }: Context, arg: Exclude<Arg, { kind: 'number' }>): number {
  const mm = world.mms.indexOf(arg.name.text)
  if (mm < 0) refuse('MM102', `no mm named '${arg.name.text}'`, arg.name.span, hint(arg.name.text, world.mms))
  return mm
}

function mmNamed(c: Context, arg: Exclude<Arg, { kind: 'number' }>): Argument {
  const mm = object('mm', mmNumber(c, arg))
  return { kind: 'mm', mm, parent: mm }
}

function forkInto(c: Context, arg: Exclude<Arg, { kind: 'number' }>): Argument {
  const { op, world } = c
  const child = mmNumber(c, arg)
  const copy = world.mappings.find((m) => m.mm === child && m.parent !== undefined)
  const parent = world.mappings.find((m) => m.number === copy?.parent)
  if (parent === undefined)
    return refuse(
      'MM105',
      `'${op.name}' needs what '${arg.name.text}' gets of its parent`,
      arg.name.span,
      `declare 'child b of a in ${arg.name.text};'`,
    )
  return { kind: 'mm', mm: object('mm', child), parent: object('mm', parent.mm) }
}

function pagesAt(c: Context, arg: Exclude<Arg, { kind: 'number' }>): Pages {
  const { op, world, mm, statement } = c
  if (world.backings.some((b) => b.name === arg.name.text))
    refuse(
      'MM105',
      `'${arg.name.text}' is a file; '${op.name}' works on a mapping`,
      arg.name.span,
      mappingHint(arg.name.text, world),
    )
  const m = mappingNamed(world, arg.name)
  if (mm !== undefined && m.mm !== mm)
    refuse(
      'MM102',
      `'${m.name}' is a mapping of mm '${world.mms[m.mm] ?? ''}', and this thread runs in '${world.mms[mm] ?? ''}'`,
      arg.name.span,
    )
  const range = arg.kind === 'pages' ? arg.range : { first: 0, last: m.pages - 1, span: arg.name.span }
  within(range, m.pages, m.name)
  const pages = Array.from({ length: range.last - range.first + 1 }, (_, i) => m.firstPage + range.first + i)
  checkShape(op, m, pages, world, statement.span)
  const first = m.firstPage + range.first
  return {
    pages: pages.map((p) => object('page', p)),
    first: object('page', first),
    last: object('page', m.firstPage + range.last),
    mapping: object('mapping', m.number),
    mm: object('mm', m.mm),
    anonymous: m.file === undefined,
    pmd: object('pmd', world.pmdOf(first)),
  }
}

/** Refuses a move between places that are not alike. */
function checkPlaces(c: Context, from: Exclude<Arg, { kind: 'number' }>, to: Exclude<Arg, { kind: 'number' }>): void {
  if (c.op.samePlaces !== true) return
  const [a, b] = [from, to].map((arg) => mappingNamed(c.world, arg.name))
  if (a === undefined || b === undefined) return
  const range = (arg: typeof from, m: Mapping): { first: number; last: number } => {
    const r = arg.kind === 'pages' ? arg.range : { first: 0, last: m.pages - 1 }
    return { first: m.decl.range.first + r.first, last: m.decl.range.first + r.last }
  }
  const [r, s] = [range(from, a), range(to, b)]
  const alike = a.file?.name === b.file?.name && a.mm === b.mm && a.shared === b.shared
  if (!alike || r.first !== s.first || r.last !== s.last || b.number <= a.number)
    refuse(
      'MM105',
      `'${c.op.name}' moves pages to a mapping of the same file, offset, sharing and mm that is declared later`,
      c.statement.span,
      'a moved page keeps its place in its file and in its page table here',
    )
}

const mappingHint = (name: string, world: World): string => {
  const of = world.mappings.filter((m) => m.file?.name === name).map((m) => m.name)
  return of.length === 0 ? `map it first: 'map a = ${name}[0] shared rw;'` : `it is mapped as ${of.join(', ')}`
}

function checkShape(op: Operation, m: Mapping, pages: readonly number[], world: World, span: Span): void {
  if (['page', 'page_value', 'page_word'].includes(op.operand) && pages.length !== 1)
    refuse('MM105', `'${op.name}' takes one page, not ${pages.length}`, span, `as in '${op.name}(${m.name}[0])'`)
  if (op.behind === true && pages[0] === m.firstPage)
    refuse('MM105', `'${op.name}' takes pages that lie behind others`, span, `as in '${op.name}(${m.name}[1])'`)
  if (op.pagesMax !== undefined && pages.length > op.pagesMax)
    refuse('MM105', `'${op.name}' takes up to ${op.pagesMax} pages, not ${pages.length}`, span)
  if (m.file !== undefined) checkFile(op, m.file, span)
  if (m.file !== undefined && op.anonymousOnly === true)
    refuse('MM105', `'${op.name}' works on anonymous memory, and '${m.name}' maps '${m.file.name}'`, span)
  if (op.operand !== 'mapping') return
  const pmds = new Set(pages.map((p) => world.pmdOf(p)))
  if (pages.length !== world.ptes || pmds.size !== 1)
    refuse('MM105', `'${op.name}' works on one PMD, which is ${world.ptes} pages here`, span, `see the setting 'ptes'`)
}

const NOT_FOR: Readonly<Record<'plain' | 'shmem', string>> = {
  plain: 'invalidating the page cache of shmem would lose its data, and no path of the kernel does it',
  shmem: 'collapsing a file that is not shmem needs CONFIG_READ_ONLY_THP_FOR_FS, which is not modelled',
}

function checkFile(op: Operation, b: Backing, span: Span): void {
  if (op.files === undefined || (op.files === 'shmem') === b.shmem) return
  refuse('MM106', `'${op.name}' of '${b.name}' is not modelled`, span, NOT_FOR[op.files])
}

/** The file that an argument names; pages of it must lie in it. */
function backingNamed({ world, op }: Context, arg: Exclude<Arg, { kind: 'number' }>): Backing {
  const b = world.backings.find((x) => x.name === arg.name.text)
  if (b === undefined) {
    const known = world.backings.map((x) => x.name)
    return refuse('MM102', `no file named '${arg.name.text}'`, arg.name.span, hint(arg.name.text, known))
  }
  if (arg.kind === 'pages') within(arg.range, b.pages, b.name)
  checkFile(op, b, arg.name.span)
  return b
}

function chunkAt(c: Context, arg: Exclude<Arg, { kind: 'number' }>): Argument {
  const { op, world } = c
  const b = backingNamed(c, arg)
  const index = arg.kind === 'pages' ? Math.floor(arg.range.first / world.ptes) : 0
  if (index >= b.chunks)
    return refuse(
      'MM105',
      `'${op.name}' needs ${world.ptes} pages of '${b.name}', as many as a PMD has here`,
      arg.name.span,
      `see the setting 'ptes'`,
    )
  return { kind: 'chunk', chunk: object('chunk', b.firstChunk + index) }
}
