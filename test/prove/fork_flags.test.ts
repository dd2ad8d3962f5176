/** What is claimed of fork beside calls that store flags: runs of its models break it where it is false, and meet what it speaks of. */
import { describe, expect, it } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import { truth } from '../../model/language/expr.ts'
import { holdAgainst, type Held } from '../../solver/prove/explicit.ts'
import { copiedAtUnlock } from '../../solver/prove/fork_claims.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import { prepare, type Prepared } from '../../solver/prove/prove.ts'

/** Every mutant: minutes of CPU. */
const all = process.env['MMCHECK_PROVE'] === 'all'

const SHMEM = 'fork'
const ANON = 'fork of anonymous memory'

function preparedOf(core: string, kernel: string, without: readonly string[] = []): Prepared {
  const item = ITEMS.find((i) => i.property === 'ForkKept' && i.core.name === core)
  const found = findKernel(kernel)
  if (item === undefined || found === undefined) throw new Error(`${core} on ${kernel}`)
  return prepare(item, found, without)
}
const claimOf = ({ claims }: Prepared): readonly Lemma[] => claims.flatMap((c) => c.lemmas)

/** One thread that installs, and one that stores flags; one page is enough. */
const held = ({ setup }: Prepared, lemmas: readonly Lemma[], threads: 1 | 2 = 2): Held =>
  holdAgainst(setup, lemmas, { threads, pages: 1, tables: 2 })

/** A lemma that says of its premise that it is never met. */
function never(lemma: Lemma): Lemma {
  const { body } = lemma
  if (body.kind !== 'binary' || body.right.kind !== 'binary') throw new Error('an implication was expected')
  return { ...lemma, body: { ...body, right: { ...body.right, right: truth(false) } } }
}

const NEEDED: readonly (readonly [core: string, kernel: string, without: string])[] = [
  [SHMEM, 'v6.18.37', 'copy_pte_range.copy_nonpresent_pte'],
  [SHMEM, 'v6.18.37', 'madvise_guard_install.set_flag'],
  [SHMEM, 'v6.18.37', 'madvise.MADV_DOFORK.mmap_write_lock'],
  [SHMEM, 'v6.18.37', 'madvise.MADV_DONTFORK.mmap_write_lock'],
  [SHMEM, 'v6.18.37', 'madvise.MADV_GUARD_INSTALL.mmap_read_lock'],
  [SHMEM, 'v6.18.37', 'dup_mmap.mmap_write_lock'],
  [SHMEM, 'v6.15', 'copy_pte_range.copy_nonpresent_pte'],
  [SHMEM, 'v6.15', 'anon_vma_prepare.publish'],
  [SHMEM, 'v6.15', 'dup_mmap.mmap_write_lock'],
  [ANON, 'v6.13', 'anon_vma_prepare.publish'],
  [ANON, 'v6.13', 'copy_pte_range.copy_nonpresent_pte'],
  [ANON, 'v6.13', 'dup_mmap.mmap_write_lock'],
]

describe('the claim that a child has the guards of its parent, beside calls that store flags', () => {
  it('is broken by a run of its own model on v7.0: words that were read before the flag was set are stored', () => {
    const prepared = preparedOf(SHMEM, 'v7.0')
    const { broken, run = [] } = held(prepared, claimOf(prepared))
    expect(broken).toBeDefined()
    const at = (label: RegExp): number => run.findIndex((s) => label.test(s))
    // MADV_DOFORK alone, of memory that MADV_DONTFORK was never asked for: nothing is to change.
    const order = [/madvise_dofork.*new_flags$/, /guard_install.*set_flag$/, /madvise_dofork.*vm_flags_reset$/].map(at)
    expect(order[0]).toBeGreaterThanOrEqual(0)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(at(/madvise_dontfork/)).toBe(-1)
  })

  it.each(NEEDED.filter((_, i) => all || i % 3 === 1))(
    '(%s) is broken by a run on %s without %s',
    (core, kernel, without) => {
      const prepared = preparedOf(core, kernel, [without])
      expect(held(prepared, claimOf(prepared)).broken).toBeDefined()
    },
  )

  it.each([
    [SHMEM, 'v6.15'],
    [SHMEM, 'v6.18.37'],
    [ANON, 'v6.13'],
  ])('(%s) speaks of states that there are on %s, of which it is true', (core, kernel) => {
    const prepared = preparedOf(core, kernel)
    const [claim] = claimOf(prepared)
    if (claim === undefined) throw new Error('no claim')
    expect(held(prepared, [claim], 1)).toMatchObject({ complete: true })
    expect(held(prepared, [never(claim)], 1).broken).toBeDefined()
  })

  it('is not made of memory that MADV_DONTFORK keeps from the child, of which it would be false', () => {
    const prepared = preparedOf(SHMEM, 'v6.18.37')
    const { broken, run = [] } = held(prepared, copiedAtUnlock(prepared.setup.system, []), 1)
    expect(broken).toBeDefined()
    expect(run.some((s) => /madvise_dontfork.*vm_flags_reset$/.test(s))).toBe(true)
    expect(run.some((s) => s.endsWith('dup_mmap.skip'))).toBe(true)
  })
})
