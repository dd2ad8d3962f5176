/** F20 and, of a lone thread, F9 of the facts gup-cow-nosigbus: what FAULT_FLAG_UNSHARE comes to. */
import { hasFrames, SERIES_9 } from './gup.ts'
import { performs, type Property } from './property.ts'

/** Asserted in do_wp_page(unshare), model/mm/memory_wp.ts. */
export const UnshareMakesExclusive: Property = {
  name: 'UnshareMakesExclusive',
  statement:
    'a fault that is to unshare leaves an exclusive anonymous page behind, so that GUP does not ask again for ever, and copies none that is exclusive already.',
  sources: [
    SERIES_9,
    'David Hildenbrand, mm: extend FAULT_FLAG_UNSHARE support to anything in a COW mapping (8d6a0ac09a16, v6.2)',
    'mm/memory.c, do_wp_page(): "if we encounter a page marked exclusive we must reuse it"',
  ],
  bang: 'nothing is unshared',
  title: 'FAULT_FLAG_UNSHARE leaves the page as it is',
  failsOn: [],
  mutants: [{ scenario: 'fork-pin+dontneed', kernel: 'v6.2', without: ['do_wp_page.unshare.reuse'] }],
  reaches: ['do_wp_page.unshare.set_pte_at'],
  build: (s) =>
    hasFrames(s) && performs(s, 'pin', 'pin_fast') && !s.kernel.has('no-anon-exclusive') ? { covers: [] } : undefined,
}
