/** INV-Z of the MAP_NOSIGBUS facts (F13), and who takes a reference on the zero page (D-S8). */
import { and, forall, implies, not, truth } from '../model/language/expr.ts'
import { page, pmd } from '../model/mm/mm_types.ts'
import { nosigbus } from '../model/mm/nosigbus_types.ts'
import { zeroIsNormal } from '../model/mm/nosigbus.ts'
import { hasFrames } from './gup.ts'
import { asksNosigbus, FLAG_SET, holdsZero, HUGH_1, ZERO_MAPPED } from './nosigbus.ts'
import { performs, type Property } from './property.ts'

const SHARED_WRITABLE = [
  {
    kernels: ['nosigbus-v1'],
    why: 'a shared mapping that mprotect() may make writable: PROT_WRITE is asked of mmap() alone',
  },
] as const
const MAY_WRITE = [
  { scenario: 'nosigbus-mprotect-write', kernel: 'nosigbus-linus', without: ['mprotect.may_write'] },
  { scenario: 'nosigbus-mprotect-write-plain', kernel: 'nosigbus-linus', without: ['mprotect.may_write'] },
] as const

export const ZeroPageReadOnly: Property = {
  name: 'ZeroPageReadOnly',
  statement: 'no page table entry of the shared zero page lets a store through.',
  sources: [
    HUGH_1,
    'Linus Torvalds, 3 June 2021',
    'mm/memory.c of v6.x, wp_page_reuse(): VM_WARN_ON(is_zero_pfn(...))',
  ],
  bang: 'the zero page is writable',
  title: 'the shared zero page mapped writable',
  failsOn: SHARED_WRITABLE,
  mutants: MAY_WRITE,
  reaches: ['change_pte_range.commit', 'do_wp_page.wp_pfn_shared'],
  build: (s) =>
    asksNosigbus(s) && performs(s, 'mprotect', 'write')
      ? {
          invariant: forall('page', 'p', (p) =>
            not(and(holdsZero(p), nosigbus.writable(pmd.table(page.pmd(p)), page.slot(p)))),
          ),
          covers: [ZERO_MAPPED],
        }
      : undefined,
}

/** Asserted where the tables let a store through (model/mm/nosigbus.ts). */
export const ZeroPageUnwritten: Property = {
  name: 'ZeroPageUnwritten',
  statement: 'no store of any process goes to the shared zero page.',
  sources: [HUGH_1, 'Linus Torvalds, 3 June 2021'],
  bang: 'the shared zero page is written',
  title: 'write into the shared zero page',
  failsOn: SHARED_WRITABLE,
  mutants: MAY_WRITE,
  reaches: ['store.access'],
  build: (s) => {
    if (hasFrames(s) && performs(s, 'write', 'store')) return { covers: [] }
    return asksNosigbus(s) && performs(s, 'write') ? { covers: [ZERO_MAPPED] } : undefined
  },
}

/** Which entries are counted is a matter of the kernel; see nosigbus_types.ts. */
export const ZeroPageUncounted: Property = {
  name: 'ZeroPageUncounted',
  statement: 'no page table entry takes a reference on the shared zero page.',
  sources: [
    'mm/memory.c of v5.13, insert_page_into_pte_locked(): get_page(page); derived (D-S8)',
    'mm/memory.c of v6.11 and later, vm_insert_page(): the zero page gets a special entry, and no reference',
  ],
  bang: 'a reference on the zero page',
  title: 'references on the shared zero page without bound',
  failsOn: [{ kernels: ['nosigbus-v1', 'nosigbus-v1.5'], why: 'vm_insert_page() takes one for each entry' }],
  mutants: [{ scenario: 'nosigbus-within', kernel: 'nosigbus-v1.5', without: ['shmem_fault.i_size'] }],
  reaches: ['vm_insert_page.set_pte_at', 'do_anonymous_page.set_pte_at'],
  build: (s) =>
    asksNosigbus(s)
      ? {
          invariant: forall('page', 'p', (p) =>
            implies(and(nosigbus.asked(page.mapping(p)), holdsZero(p)), truth(!zeroIsNormal(s.kernel))),
          ),
          covers: [FLAG_SET],
        }
      : undefined,
}
