/** N3 of the MAP_NOSIGBUS facts. Asserted where ftruncate() and the hole punch end (model/mm/shmem_truncate.ts). */
import { asksNosigbus, FLAG_SET, HUGH_1 } from './nosigbus.ts'
import { performs, type Property } from './property.ts'

export const TruncationUnmapsZero: Property = {
  name: 'TruncationUnmapsZero',
  statement:
    'when ftruncate() has taken pages off a file, none of the zero pages that it found mapped from the new end on is mapped still.',
  sources: [HUGH_1],
  bang: 'zero page left by truncation',
  title: 'zero page left mapped by truncation',
  failsOn: [],
  mutants: [
    {
      scenario: 'nosigbus-truncate-page',
      kernel: 'nosigbus-v2',
      without: ['shmem_setattr.unmap', 'shmem_setattr.unmap_again'],
    },
  ],
  reaches: ['shmem_setattr.truncated'],
  build: (s) => (asksNosigbus(s) && performs(s, 'ftruncate') ? { covers: [FLAG_SET] } : undefined),
}

export const HolePunchUnmapsZero: Property = {
  name: 'HolePunchUnmapsZero',
  statement: 'when a hole punch ends, none of the zero pages that it found mapped in the hole is mapped still.',
  sources: [HUGH_1],
  bang: 'zero page left by hole punch',
  title: 'zero page left mapped by a hole punch',
  failsOn: [
    {
      kernels: ['nosigbus-v1', 'nosigbus-v1.5'],
      why: 'an ordinary entry whose page is of no file: zap_pte_range() of v5.13 skips it',
    },
  ],
  mutants: [{ scenario: 'nosigbus-punch', kernel: 'nosigbus-v2', without: ['shmem_fallocate.unmap'] }],
  reaches: ['shmem_fallocate.clear_falloc'],
  build: (s) => (asksNosigbus(s) && performs(s, 'punch_hole') ? { covers: [FLAG_SET] } : undefined),
}
