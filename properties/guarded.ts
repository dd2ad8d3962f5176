/** What the properties of guards call a guarded page. */
import { and, eq, ne, or, type Expr } from '../model/language/expr.ts'
import { page, pmd, table } from '../model/mm/mm_types.ts'

/**
 * A guard marker stands at the page: in the table under its pmd, or in the one that collapse_huge_page()
 * has taken out, with the mmap lock and the VMA lock held for writing, to look whether it may go.
 */
export const guarded = (p: Expr): Expr =>
  or(
    and(eq(pmd.kind(page.pmd(p)), 'table'), eq(table.pte(pmd.table(page.pmd(p)), page.slot(p)), 'guard')),
    and(ne(pmd.collapsing(page.pmd(p)), 'nil'), eq(table.pte(pmd.collapsing(page.pmd(p)), page.slot(p)), 'guard')),
  )
