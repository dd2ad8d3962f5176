import type { Property } from './property.ts'

/** Asked of every scenario; lowering asserts it wherever a reference that may be nil is followed. */
export const NoNilDereference: Property = {
  name: 'NoNilDereference',
  statement: 'no step follows a reference that points nowhere, such as the table of a pmd that has none.',
  sources: [
    'Qi Zheng, "mm: khugepaged: recheck pmd state in retract_page_tables()", Dec 2024: pte_lockptr() of an empty pmd',
  ],
  bang: 'empty reference followed',
  title: 'dereference of an empty pmd',
  failsOn: [
    {
      kernels: ['v6.17-rc'],
      why: 'collapse_huge_page() looks at the pmd before it has locked the VMA, under whose lock MADV_DONTNEED frees the table (B24)',
    },
  ],
  mutants: [
    { scenario: 'dontneed+collapse', kernel: 'v6.15', without: ['retract_page_tables.pmd_state_check'] },
    { scenario: 'install+collapse', kernel: 'v7.0', without: ['walk_pte_range.no_table'] },
  ],
  reaches: ['retract_page_tables.drop_pml'],
  build: () => ({ covers: [] }),
}
