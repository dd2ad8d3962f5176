/** F10 and F12 of the facts gup-cow-nosigbus. Asserted where the calls return (model/mm/operations/discard.ts). */
import { TOUCHES } from '../model/mm/operations/discard.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { hasFrames } from './gup.ts'
import { performs, type Property } from './property.ts'

const others = (s: Scenario, ...operations: readonly string[]): boolean =>
  s.file.threads.some(
    (t) =>
      t.stmts.some((x) => operations.includes(x.op.text)) &&
      s.file.threads.some((other) => other !== t && other.stmts.some((x) => TOUCHES.includes(x.op.text))),
  )
/** Nobody but the thread that does so touches memory while it runs. */
const alone = (s: Scenario, ...operations: readonly string[]): boolean =>
  hasFrames(s) && performs(s, ...operations) && !others(s, ...operations)

export const DiscardedIsEmpty: Property = {
  name: 'DiscardedIsEmpty',
  statement:
    'when MADV_DONTNEED or munmap() has returned 0, and nobody has touched the range meanwhile, it maps nothing and holds nothing in swap.',
  sources: [
    'madvise(2), MADV_DONTNEED: subsequent accesses will succeed, but will see zero-fill pages or the contents of the file',
    'munmap(2): further references to addresses within the range generate invalid memory references',
  ],
  bang: 'discarded page is still there',
  title: 'page left behind by MADV_DONTNEED or munmap()',
  failsOn: [],
  mutants: [{ scenario: 'dontneed+reclaim', kernel: 'v5.19', without: ['zap_pte_range.pte'] }],
  reaches: ['zap_pte_range.pte'],
  build: (s) => (alone(s, 'dontneed', 'munmap') ? { covers: [] } : undefined),
}

export const PunchedIsUnmapped: Property = {
  name: 'PunchedIsUnmapped',
  statement:
    'when a hole punch has returned, and nobody has touched the file meanwhile, no mapping maps a page of the page cache in the hole; private copies stay.',
  sources: ["mm/memory.c, unmap_mapping_range(): even_cows is 0 when private COWed pages shouldn't be unmapped"],
  bang: 'page of the hole is still mapped',
  title: 'page left mapped by a hole punch',
  failsOn: [],
  mutants: [
    {
      scenario: 'punch-two_mappings',
      kernel: 'v7.0',
      without: ['shmem_fallocate.unmap', 'truncate_inode_folio.still_mapped'],
    },
    { scenario: 'punch-two_mappings', kernel: 'v7.0', without: ['zap_pte_range.pte'] },
  ],
  reaches: ['shmem_fallocate.clear_falloc'],
  build: (s) => (alone(s, 'punch_hole') ? { covers: [] } : undefined),
}
