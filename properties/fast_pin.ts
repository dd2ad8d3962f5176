/** F6 of the facts gup-cow-nosigbus. */
import { hasFrames } from './gup.ts'
import { performs, type Property } from './property.ts'

/** Asserted where GUP-fast is done with its walk (model/mm/gup_fast.ts). */
export const FastPinFresh: Property = {
  name: 'FastPinFresh',
  statement: 'what GUP-fast returns was mapped by the page tables at some time after it was grabbed.',
  sources: [
    'mm/gup.c, gup_fast_pte_range(): "Fast-gup relies on pte change detection to avoid concurrent pgtable operations"',
    'Yang Shi, mm: gup: fix the fast GUP race against THP collapse (70cbc3cc78a9, v6.0)',
  ],
  bang: 'page was not mapped any more',
  title: 'GUP-fast returns a page of a table that is detached',
  failsOn: [{ kernels: ['v5.19'], why: 'the entry of a detached table does not change' }],
  mutants: [{ scenario: 'pin_fast+khugepaged', kernel: 'v6.0', without: ['gup_fast_pte_range.pmd_changed'] }],
  reaches: ['gup_fast_pte_range.ptep_get_again'],
  build: (s) => (hasFrames(s) && performs(s, 'pin_fast', 'vmsplice') ? { covers: [] } : undefined),
}
