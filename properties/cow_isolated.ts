/** F1 and F22 of the facts gup-cow-nosigbus: what one process stores is nobody else's business. */
import { COW_TEST, hasFrames } from './gup.ts'
import { performs, type Property } from './property.ts'

/** Asserted where a store goes through (model/mm/frame_access.ts, gup_hold.ts). */
export const CowIsolated: Property = {
  name: 'CowIsolated',
  statement:
    'a store to private memory goes to a page that no other process maps, has swapped out, or holds a reference to.',
  sources: [
    COW_TEST,
    'Jann Horn, CVE-2020-29374; Linus Torvalds, gup: document and work around "COW can break either way" issue (17839856fd58, v5.8)',
  ],
  bang: 'private store seen by another process',
  title: 'private store leaks to another process',
  failsOn: [{ kernels: ['v5.7'], why: 'CVE-2020-29374: who alone maps a page writes it, whoever holds a reference' }],
  mutants: [
    { scenario: 'fork-vmsplice+write', kernel: 'v6.2', without: ['copy_pte_range.wrprotect_ptes'] },
    { scenario: 'fork-mprotect-write', kernel: 'v6.2', without: ['change_pte_range.page_anon_exclusive'] },
  ],
  reaches: ['store.access'],
  build: (s) => (hasFrames(s) && performs(s, 'store', 'write', 'pin_write') ? { covers: [] } : undefined),
}
