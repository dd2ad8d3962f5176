/** How large a scenario is, as a list of numbers of which the first that differs decides. */
import type { LitmusFile } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { operandPages } from './tree.ts'

/** What is made small, in this order; each is told to the user. */
export const MEASURES = ['threads', 'operations', 'VMAs', 'pages', 'page tables', 'files'] as const

/** Of the shortest trace; of those, of one with the fewest switches. They decide where all of MEASURES are equal. */
export const TRACE_MEASURES = ['context switches', 'steps'] as const

/** What no scenario has less of. */
export const LEAST: Readonly<Record<(typeof MEASURES)[number] | (typeof TRACE_MEASURES)[number], number>> = {
  threads: 1,
  operations: 1,
  VMAs: 1,
  pages: 1,
  'page tables': 1,
  files: 0,
  'context switches': 0,
  steps: 0,
}

/** Numbers of which the first that differs decides. */
export type Size = readonly number[]

/** How many measures can be told from the file alone, without its world. */
export const TOLD_BY_FILE = 4

const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const extent = (range: { readonly first: number; readonly last: number }): number => range.last - range.first + 1

/** Threads, operations, VMAs and pages, with what a fork makes of them, but without VMAs kept free for splits. */
export function fileSize(file: LitmusFile): Size {
  const maps = file.decls.filter((d) => d.kind === 'map')
  const copies = file.decls.flatMap((d) => (d.kind === 'child' ? maps.filter((m) => m.name.text === d.of.text) : []))
  const vmas = [...maps, ...copies]
  return [
    file.threads.length,
    total(file.threads.map((t) => t.stmts.length)),
    vmas.length,
    total(vmas.map((m) => extent(m.range))),
  ]
}

/** What else a reader sees of a scenario: mms, filled pages, settings, pages of operations and files. */
export function restOf(file: LitmusFile): Size {
  const { decls, threads } = file
  const settings = decls.filter((d) => d.kind === 'setting')
  const stmts = threads.flatMap((t) => t.stmts)
  return [
    decls.filter((d) => d.kind === 'mm').length,
    total(decls.map((d) => (d.kind === 'fill' ? extent(d.range) : 0))),
    settings.filter((d) => d.name.text !== 'tables').length,
    total(stmts.flatMap((s) => s.args.map((a) => operandPages(file, s, a)))),
    total(decls.map((d) => (d.kind === 'backing' ? d.pages : 0))),
    total(settings.map((d) => (d.name.text === 'tables' ? 0 : (d.value ?? 0)))),
    decls.filter((d) => d.kind === 'fill' && d.access !== undefined && d.access !== 'read').length,
    decls.filter((d) => d.kind === 'backing' && d.size !== undefined).length,
    decls.filter((d) => d.kind === 'map' && d.unmapped === true).length,
    total(stmts.map((s) => s.args.length)),
    threads.filter((t) => t.mm !== undefined).length,
    settings.filter((d) => d.name.text === 'tables').length,
    total(decls.map((d) => (d.kind === 'vma' ? d.words.length : d.kind === 'cache' ? extent(d.range) : 0))),
  ]
}

/** A number for each of MEASURES. */
export function measuresOf({ file, world }: Scenario): Size {
  const objects = (set: string): number => world.sizes[set] ?? 0
  return [...fileSize(file), objects('table'), objects('file')]
}
