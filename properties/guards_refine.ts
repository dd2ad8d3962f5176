import { and, exists, forall, implies, isEmpty, not, object, old, or } from '../model/language/expr.ts'
import { page } from '../model/mm/mm_types.ts'
import type { Mapping } from '../model/scenarios/place.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { guarded } from './guarded.ts'
import { promisesGuards, type Property } from './property.ts'

const INSTALLS = ['guard_install', 'process_guard_install'] as const

/** Numbers of the pages that some operation of the scenario can guard: those that an install names, and copies of them. */
function guardable(scenario: Scenario): ReadonlySet<number> {
  const { mappings } = scenario.world
  const found = new Set<number>()
  const add = (m: Mapping, first: number, last: number): void => {
    for (let n = first; n <= last; n++) found.add(m.firstPage + n)
  }
  for (const s of scenario.file.threads.flatMap((t) => t.stmts)) {
    const installs = INSTALLS.some((name) => name === s.op.text)
    for (const a of s.args) {
      const m = a.kind === 'number' ? undefined : mappings.find((x) => x.name === a.name.text)
      if (m === undefined) continue
      if (installs) add(m, a.kind === 'pages' ? a.range.first : 0, a.kind === 'pages' ? a.range.last : m.pages - 1)
      // What mremap() moves takes its guards along.
      else if (s.op.text.startsWith('mremap')) add(m, 0, m.pages - 1)
    }
  }
  for (const child of mappings) if (child.parent !== undefined) add(child, 0, child.pages - 1)
  return found
}

/** The abstract specification of DESIGN section 5, as a condition on every step. */
export const GuardsRefine: Property = {
  name: 'GuardsRefine',
  statement:
    'a page becomes guarded only where an install names it (or a fork or mremap() copies it), and stops being guarded only while a removal of it runs.',
  sources: [
    'madvise(2), MADV_GUARD_INSTALL and MADV_GUARD_REMOVE',
    'the specification per page: guarded or not, changed by madvise alone, one page at a time',
  ],
  bang: 'a page changed its guard by no right',
  title: 'guard marker gone or made without being asked for',
  failsOn: [
    {
      kernels: ['rfc-file', 'rfc-file-read', 'maybe-guard-v1', 'maybe-guard-v2'],
      why: 'retract_page_tables() takes tables with markers in them',
    },
    {
      kernels: ['v6.13', 'v6.15', 'v6.18'],
      why: 'a finding: UFFDIO_COPY overwrites a guard marker',
    },
    {
      kernels: ['v6.15', 'v6.18', 'maybe-guard-v3', 'v7.0'],
      why: 'a finding: try_collapse_pte_mapped_thp() empties a table and unlinks it later without a second look',
    },
  ],
  mutants: [{ scenario: 'install+collapse', kernel: 'v7.0', without: ['retract_page_tables.recheck'] }],
  reaches: ['walk_pte_range.pte_entry', 'zap_pte_range.pte'],
  build: (scenario) => {
    if (!promisesGuards(scenario)) return undefined
    const pages = scenario.world.mappings.flatMap((m) => Array.from({ length: m.pages }, (_, n) => m.firstPage + n))
    const may = guardable(scenario)
    const never = pages.filter((n) => !may.has(n)).map((n) => object('page', n))
    return {
      step: and(
        forall('page', 'p', (p) => implies(and(old(guarded(p)), not(guarded(p))), not(isEmpty(page.removers(p))))),
        ...never.map((p) => or(old(guarded(p)), not(guarded(p)))),
      ),
      covers: [{ name: 'a page was guarded', expr: exists('page', 'p', (p) => guarded(p)) }],
    }
  },
}
