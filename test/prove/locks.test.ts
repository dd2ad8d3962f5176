import { describe, expect, it } from 'vitest'
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { proveLocks, type LockProof } from '../../solver/prove/prove.ts'

const kernelNamed = (name: string): Kernel => {
  const found = findKernel(name)
  if (found === undefined) throw new Error(name)
  return found
}
const proved = (p: LockProof): readonly string[] => p.locks.filter((l) => l.verdict === 'proved').map((l) => l.lock)
const limits = { queryMs: 300_000 }

/** All operations, and every mutant: minutes of CPU. */
const all = process.env['MMCHECK_PROVE'] === 'all'

describe('mutual exclusion for any number of threads and pages', () => {
  it('is proved of the page-table lock in guard removal, and not once a lock is dropped', async () => {
    const whole = await proveLocks(kernelNamed('v7.0'), [], limits, ['guard_remove'])
    expect(proved(whole)).toContain('table.ptl')
    expect(proved(whole)).toContain('pmd.lock')
    const mutant = await proveLocks(kernelNamed('v7.0'), ['pte_offset_map_lock.lock'], limits, ['guard_remove'])
    expect(proved(mutant)).not.toContain('table.ptl')
    expect(mutant.locks.find((l) => l.lock === 'table.ptl')?.broken.some((b) => b.to.endsWith('unmap.unlock'))).toBe(
      true,
    )
  }, 300_000)

  it.skipIf(!all).each(['v6.15', 'v6.18', 'v7.0'])(
    'is proved of four classes of locks on %s',
    async (kernel) => {
      const proof = await proveLocks(kernelNamed(kernel), [], limits)
      expect(proved(proof)).toEqual(
        expect.arrayContaining(['pmd.lock', 'file.i_mmap', 'table.ptl', 'mm.page_table_lock']),
      )
    },
    900_000,
  )

  it.skipIf(!all).each([
    ['retract_page_tables.pmd_lock', 'pmd.lock'],
    ['retract_page_tables.ptl_lock', 'table.ptl'],
    ['retract_page_tables.i_mmap_lock', 'file.i_mmap'],
    ['try_to_free_pte.ptl_lock', 'table.ptl'],
    ['try_to_free_pte.pmd_lock', 'pmd.lock'],
    ['anon_vma_prepare.page_table_lock', 'mm.page_table_lock'],
    ['__pte_alloc.pmd_lock', 'pmd.lock'],
    ['try_to_unmap.i_mmap_lock', 'file.i_mmap'],
    ['pte_offset_map_lock.lock', 'table.ptl'],
  ])(
    'is no longer proved without %s',
    async (label, lock) => {
      expect(proved(await proveLocks(kernelNamed('v7.0'), [label], limits))).not.toContain(lock)
    },
    900_000,
  )
})
