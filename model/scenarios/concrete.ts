/** A first state written out, as the litmus file that begins in it. */
import type { FieldAccess } from '../language/expr.ts'
import { kernelLine } from '../litmus/kernel_line.ts'
import { ENTRIES } from '../litmus/ast.ts'
import type { BackingDecl, Decl, FillAccess, FillDecl, LitmusFile, Name, PageRange } from '../litmus/ast.ts'
import type { Span } from '../litmus/source.ts'
import { file, folio, page, pmd, PmdKind, Pte, table, vma, VmFlags } from '../mm/mm_types.ts'
import type { Mapping } from './place.ts'
import type { Scenario } from './scenario.ts'
import { EXTRA_FLAGS } from './start_state.ts'

interface Values {
  readonly scenario: Scenario
  /** The value of an element of a field, by the numbers of its objects. */
  readonly of: (field: FieldAccess, ...index: readonly number[]) => number
  readonly span: Span
}

const named = (v: Values, text: string): Name => ({ text, span: v.span })
const range = (v: Values, first: number, last: number): PageRange => ({ first, last, span: v.span })

const entryWord = (name: string): FillAccess | undefined =>
  ENTRIES.find((e) => e === name) ?? (name === 'swap' || name === 'poison' ? name : undefined)

/** The word for what stands at page n of a mapping; undefined where nothing does. */
function filled(v: Values, m: Mapping, n: number): FillAccess | undefined {
  const { world } = v.scenario
  const at = m.firstPage + n
  const under = world.pmdOf(at)
  const kind = PmdKind.values[v.of(pmd.kind, under)] ?? 'none'
  if (kind === 'none') return undefined
  if (kind !== 'table') return 'pmd'
  const t = v.of(pmd.table, under) - 1
  const name = Pte.values[v.of(table.pte, t, (m.decl.range.first + n) % world.ptes)] ?? 'none'
  if (name === 'guard') return v.of(page.promised, at) === 1 ? 'guard' : 'marker'
  return name === 'none' ? 'table' : entryWord(name)
}

/** Fills of one mapping, in ranges. What only says that there is a table is left out beside one that shows it. */
function fillsOf(v: Values, m: Mapping): readonly FillDecl[] {
  const { world } = v.scenario
  const words = Array.from({ length: m.pages }, (_, n) => filled(v, m, n))
  const shown = new Set(
    words.flatMap((w, n) => (w === undefined || w === 'table' ? [] : [world.pmdOf(m.firstPage + n)])),
  )
  const out: FillDecl[] = []
  words.forEach((access, n) => {
    const under = world.pmdOf(m.firstPage + n)
    if (access === undefined || (access === 'table' && shown.has(under))) return
    shown.add(under)
    const last = out.at(-1)
    if (last !== undefined && last.range.last === n - 1 && last.access === access)
      out[out.length - 1] = { ...last, range: { ...last.range, last: n } }
    else out.push({ kind: 'fill', name: named(v, m.name), range: range(v, n, n), access, span: v.span })
  })
  return out
}

function vmaOf(v: Values, m: Mapping): readonly Decl[] {
  if (m.unmapped) return []
  const mask = v.of(vma.vm_flags, m.vma)
  const bits = EXTRA_FLAGS.filter((b) => (mask & (1 << VmFlags.bits.indexOf(b))) !== 0)
  const words = [...bits, ...(v.of(vma.anon_vma, m.vma) === 1 ? ['anon_vma'] : [])]
  return words.length === 0
    ? []
    : [{ kind: 'vma', name: named(v, m.name), words: words.map((w) => named(v, w)), span: v.span }]
}

/** Pages of the page cache, in ranges. */
function cacheOf(v: Values, b: Scenario['world']['backings'][number]): readonly Decl[] {
  const out: { kind: 'cache'; name: Name; range: PageRange; span: Span }[] = []
  for (let i = 0; i < b.pages; i++) {
    if (v.of(folio.cached, b.firstFolio + i) === 0) continue
    const last = out.at(-1)
    if (last?.range.last === i - 1) last.range = range(v, last.range.first, i)
    else out.push({ kind: 'cache', name: named(v, b.name), range: range(v, i, i), span: v.span })
  }
  return out
}

function sized(v: Values, { size: _, ...b }: BackingDecl): BackingDecl {
  const backing = v.scenario.world.backings.find((x) => x.name === b.name.text)
  const size = backing === undefined ? b.pages : v.of(file.i_size, backing.file)
  return size === b.pages ? b : { ...b, size }
}

/**
 * The file of a scenario with the world that `state` has: the same mappings, threads and kernel, and whatever
 * is mapped, cached and flagged. `base` gives the first slot of each field. Slots that no declaration speaks of
 * are not looked at, so whoever builds the scenario has to compare.
 */
export function concreteFile(
  scenario: Scenario,
  base: ReadonlyMap<string, number>,
  state: readonly number[],
): LitmusFile {
  const sizeOf = (set: string): number => scenario.world.sizes[set] ?? 0
  const of = ({ decl }: FieldAccess, ...index: readonly number[]): number => {
    const offset = decl.sets.reduce((sum, set, i) => sum * sizeOf(set) + (index[i] ?? 0), 0)
    return state[(base.get(decl.name) ?? 0) + offset] ?? 0
  }
  const v: Values = { scenario, of, span: scenario.file.span }
  const { mappings, backings } = scenario.world
  const kept = scenario.file.decls.flatMap((d): readonly Decl[] => {
    if (d.kind === 'fill' || d.kind === 'vma' || d.kind === 'cache') return []
    return [d.kind === 'backing' ? sized(v, d) : d]
  })
  return {
    ...scenario.file,
    comments: [],
    kernels: [kernelLine([scenario.kernel.name], scenario.without)],
    decls: [
      ...kept,
      ...backings.flatMap((b) => cacheOf(v, b)),
      ...mappings.flatMap((m) => fillsOf(v, m)),
      ...mappings.flatMap((m) => vmaOf(v, m)),
    ],
  }
}
