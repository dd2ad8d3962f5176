/**
 * Any start: which part of a scenario's first state is open when it is checked from every well-formed
 * state, and what is assumed of it beyond model/mm/well_formed.ts.
 *
 * Open are the entries and page tables, the promises of guards, flags and anon_vma of the VMAs, the page
 * cache and the lengths of files. The layout of VMAs and processes, what mmap() was asked for, userfaultfd
 * and what MAP_NOSIGBUS keeps are as the scenario has them.
 */
import {
  and,
  eq,
  forall,
  hasAny,
  implies,
  isOneOf,
  le,
  literal,
  lt,
  ne,
  not,
  num,
  object,
  onlyBits,
  or,
  type Expr,
  type FieldAccess,
} from '../language/expr.ts'
import { lower, type Lowered } from '../language/lower/lower.ts'
import type { LExpr } from '../language/lowered.ts'
import { HUGE_ANON, file, folio, page, pmd, table, UFFD_WP_PTES, vma, VmFlags } from '../mm/mm_types.ts'
import { wellFormed, type Condition } from '../mm/well_formed.ts'
import { preparesAnonVma } from './fill.ts'
import { flagsOf } from './flags.ts'
import type { Mapping } from './place.ts'
import type { Scenario } from './scenario.ts'
import { flagsKnown } from './start_state.ts'

const OPEN: readonly FieldAccess[] = [
  vma.vm_flags,
  vma.anon_vma,
  pmd.kind,
  pmd.table,
  table.state,
  table.pte,
  page.promised,
  folio.cached,
  file.i_size,
]

/** Userfaultfd's entries, and those of a page on its way, which no scenario starts with. */
const CLOSED_ENTRIES = [...UFFD_WP_PTES, 'swap_wp', 'uffd_wp', 'migration'] as const

function vmasOf({ kernel: { has } }: Scenario, m: Mapping): readonly Expr[] {
  return Array.from({ length: m.vmas }, (_, i): readonly Expr[] => {
    const v = object('vma', m.vma + i)
    if (i > 0 || m.unmapped) return [eq(vma.vm_flags(v), ''), eq(vma.anon_vma(v), 'NULL')]
    const extra = flagsKnown(has).filter((b) => b !== 'VM_WIPEONFORK' || m.file === undefined)
    const rest = VmFlags.bits.filter((b) => !extra.includes(b)).join('|')
    const own = literal(VmFlags, flagsOf(m, has))
    const never = m.shared && !preparesAnonVma(has, false)
    return [eq(onlyBits(vma.vm_flags(v), rest), own), ...(never ? [eq(vma.anon_vma(v), 'NULL')] : [])]
  }).flat()
}

function pagesOf({ kernel: { has } }: Scenario, m: Mapping): readonly Expr[] {
  return Array.from({ length: m.pages }, (_, n): readonly Expr[] => {
    const p = object('page', m.firstPage + n)
    const under = page.pmd(p)
    if (m.unmapped) return [eq(pmd.kind(under), 'none'), not(page.promised(p))]
    const holds = (...entries: readonly string[]): Expr =>
      and(eq(pmd.kind(under), 'table'), isOneOf(table.pte(pmd.table(under), page.slot(p)), ...entries))
    return [
      not(holds(...CLOSED_ENTRIES)),
      ...(m.file === undefined ? [] : [not(holds('zero', 'zero_none'))]),
      ...(m.file !== undefined && !has('guard-file-backed') ? [not(holds('guard'))] : []),
      ...(preparesAnonVma(has, m.file === undefined)
        ? [implies(holds('guard'), ne(vma.anon_vma(object('vma', m.vma)), 'NULL'))]
        : []),
    ]
  }).flat()
}

/** Tables are alike: of all numberings of them, the one in the order of the pmds. */
const numbering: Expr = and(
  forall('table', 't', (t) =>
    and(
      isOneOf(table.state(t), 'free', 'linked'),
      forall('table', 'u', (u) => implies(and(lt(t, u), eq(table.state(u), 'linked')), eq(table.state(t), 'linked'))),
    ),
  ),
  forall('pmd', 'd', (d) =>
    forall('pmd', 'e', (e) =>
      or(not(and(lt(d, e), eq(pmd.kind(d), 'table'), eq(pmd.kind(e), 'table'))), lt(pmd.table(d), pmd.table(e))),
    ),
  ),
)

/** What a litmus file cannot say of the start. */
function frame(scenario: Scenario): readonly Condition[] {
  const { world } = scenario
  const kinds = ['none', 'table', ...(world.huge ? ['huge'] : []), ...HUGE_ANON.filter((k) => k !== 'huge_anon_ro')]
  const small = world.backings.reduce((n, b) => n + b.pages, 0)
  const chunks = world.backings.reduce((n, b) => n + b.chunks, 0)
  return [
    {
      name: 'flags are those of mmap() and of madvise()',
      expr: and(...world.mappings.flatMap((m) => vmasOf(scenario, m))),
    },
    { name: 'entries are those that a fill gives', expr: and(...world.mappings.flatMap((m) => pagesOf(scenario, m))) },
    { name: 'pmds are those that a fill gives', expr: forall('pmd', 'd', (d) => isOneOf(pmd.kind(d), ...kinds)) },
    { name: 'tables are numbered in order', expr: numbering },
    {
      name: 'huge folios are as the scenario has them',
      expr: and(...Array.from({ length: chunks }, (_, i) => eq(folio.cached(object('folio', small + i)), world.huge))),
    },
    {
      name: 'files are no longer than their places',
      expr: and(...world.backings.map((b) => le(file.i_size(object('file', b.file)), num(b.pages)))),
    },
    {
      name: 'no flag tells of userfaultfd',
      expr: forall('vma', 'v', (v) => not(hasAny(vma.vm_flags(v), 'VM_UFFD_WP|VM_UFFD_MISSING'))),
    },
  ]
}

export interface AnyStart {
  /** Slots that may hold anything that the conditions allow; the others begin as the scenario says. */
  readonly open: ReadonlySet<number>
  readonly conditions: readonly { readonly name: string; readonly expr: LExpr }[]
}

/**
 * The starts of a scenario, over the slots of its model with whatever properties.
 * Conditions become expressions over slots by lowering the scenario once more, with them for its properties.
 */
export function anyStart(scenario: Scenario, { model, base }: Pick<Lowered, 'model' | 'base'>): AnyStart {
  const conditions = [...wellFormed(scenario.kernel.has), ...frame(scenario)]
  const properties = conditions.map((c) => ({ name: c.name, invariant: c.expr, covers: [] }))
  const lowered = lower({ ...scenario.program, properties }).model
  const open = new Set(
    OPEN.flatMap(({ decl }) => {
      const first = base.get(decl.name) ?? model.slots.length
      const count = decl.sets.reduce((n, set) => n * (scenario.world.sizes[set] ?? 0), 1)
      return Array.from({ length: count }, (_, i) => first + i)
    }),
  )
  return {
    open,
    conditions: lowered.invariants.map(({ property, expr }) => ({
      name: lowered.properties[property]?.name ?? '',
      expr,
    })),
  }
}
