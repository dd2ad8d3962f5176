import type { Property } from './property.ts'

/** Not a property of the kernel: a world with too few page tables would hide behaviour. */
export const WorldLargeEnough: Property = {
  name: 'WorldLargeEnough',
  statement: 'the world of the scenario has a free page table, and a free VMA, whenever one is allocated.',
  sources: ['mmcheck: a bound of the world must never pass for a result'],
  bang: 'no page table left in this world',
  title: 'world too small',
  failsOn: [],
  mutants: [],
  ofModel: true,
  reaches: ['__pte_alloc.pte_alloc_one'],
  build: () => ({ covers: [] }),
}
