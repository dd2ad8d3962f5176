import type { Property } from './property.ts'

/** Asked of every scenario. */
export const NoDeadlock: Property = {
  name: 'NoDeadlock',
  statement: 'some thread can always go on until all operations have returned.',
  sources: ['mm/rmap.c, lock order', 'Documentation/locking/lockdep-design.rst'],
  bang: 'nobody can go on',
  title: 'deadlock',
  failsOn: [],
  mutants: [{ scenario: 'install+install', kernel: 'v7.0', without: ['pte_unmap_unlock.unlock'] }],
  reaches: ['vma_start_write.drain', 'pte_offset_map_lock.unlock'],
  build: () => ({ deadlock: true, covers: [] }),
}
