/** What the properties of MAP_NOSIGBUS share: they are asked only where a mapping has the flag. */
import { and, eq, exists, hasAny, isOneOf, type Expr } from '../model/language/expr.ts'
import { page, pmd, table, vma } from '../model/mm/mm_types.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'

/** A mapping of the scenario is asked to be MAP_NOSIGBUS, and the kernel knows the flag. */
export const asksNosigbus = (s: Scenario): boolean =>
  s.kernel.has('nosigbus') && s.file.decls.some((d) => d.kind === 'map' && d.nosigbus === true)

/** Some of those mappings are shared, or private. */
export const asksSharing = (s: Scenario, sharing: 'shared' | 'private'): boolean =>
  asksNosigbus(s) && s.file.decls.some((d) => d.kind === 'map' && d.nosigbus === true && d.sharing === sharing)

export const holdsZero = (p: Expr): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), 'zero', 'zero_none'))

export const FLAG_SET: { readonly name: string; readonly expr: Expr } = {
  name: 'a VMA has VM_NOSIGBUS',
  expr: exists('vma', 'v', (v) => hasAny(vma.vm_flags(v), 'VM_NOSIGBUS')),
}
export const ZERO_MAPPED: { readonly name: string; readonly expr: Expr } = {
  name: 'a zero page is mapped',
  expr: exists('page', 'p', holdsZero),
}

export const SEED_004 = 'Ming Lin, Re: [PATCH 2/2] mm: adds NOSIGBUS extension for out-of-band shmem read, 2 June 2021'
export const HUGH_1 = 'Hugh Dickins, 1 June 2021, quoted by Ming Lin on 2 June 2021 (seeds/004)'
export const HUGH_2 = 'Hugh Dickins, 2 June 2021'
export const HUGH_3 = 'Hugh Dickins, 3 June 2021'
export const KIRILL = 'Kirill A. Shutemov, 4 June 2021'
