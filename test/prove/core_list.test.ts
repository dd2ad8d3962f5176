import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../cli/input.ts'
import { nativeZ3, recordedProof } from '../../cli/proofs.ts'
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { ctiOf } from '../../solver/prove/cti.ts'
import { ITEMS, type Item } from '../../solver/prove/items.ts'
import { attempt, prepare, type ItemProof, type Prepared } from '../../solver/prove/prove.ts'
import { PROOF_FORMAT, recheck, type ProofRecord } from '../../solver/prove/record.ts'
import { solverChoice } from '../../solver/smt/choice.ts'

const kernelNamed = (name: string): Kernel => {
  const found = findKernel(name)
  if (found === undefined) throw new Error(name)
  return found
}
const itemOf = (property: string, core: string): Item => {
  const found = ITEMS.find((i) => i.property === property && i.core.name === core)
  if (found === undefined) throw new Error(`${property}, ${core}`)
  return found
}
const proved = (p: ItemProof): readonly string[] => p.claims.filter((c) => c.verdict === 'proved').map((c) => c.claim)
const z3 = nativeZ3()
const limits = { queryMs: 300_000, ...(z3 === undefined ? {} : { solver: z3 }) }

/** Every recorded proof, every mutant: minutes of CPU. */
const all = process.env['MMCHECK_PROVE'] === 'all'

const records = (): readonly ProofRecord[] =>
  readdirSync(join(packageRoot(), 'solver', 'prove', 'recorded'))
    .filter((f) => f.endsWith('.json'))
    .map((f) => {
      const [property = '', core = '', ...kernel] = f.slice(0, -'.json'.length).split('-')
      const found = recordedProof({ property, core: core.replaceAll('_', ' '), kernel: kernel.join('-') })
      if (found === undefined) throw new Error(f)
      return found
    })
const recordNamed = (property: string, core: string, kernel: string): ProofRecord => {
  const found = recordedProof({ property, core, kernel })
  if (found === undefined) throw new Error(`${property}, ${core}, ${kernel}`)
  return found
}
/** Records of kernels that have the same model are looked at once. */
const different = (): readonly ProofRecord[] => {
  const seen = new Map(records().map((r) => [`${r.property} ${r.core} ${r.model}`, r]))
  return [...seen.values()].filter((r) => r.claims.length > 0)
}

describe('zaps of truncation and hole punch, in any state', () => {
  it('are found to keep markers', async () => {
    const found = await attempt(prepare(itemOf('ZapKeepsGuards', 'files on shmem'), kernelNamed('v7.0'), []), limits)
    expect(proved(found.proof)).toEqual(['truncation (even_cows)', 'hole punch'])
  }, 300_000)

  const FOLIO = 'unmap_mapping_folio()'
  /** With no lemma at all. */
  const bare = (kernel: string): readonly [ProofRecord, Prepared] => {
    const prepared = prepare(itemOf('ZapKeepsGuards', 'shmem and faults'), kernelNamed(kernel), [])
    const name = { property: 'ZapKeepsGuards', core: 'shmem and faults', kernel }
    return [{ format: PROOF_FORMAT, ...name, operations: [], model: '', claims: [FOLIO], lemmas: [] }, prepared]
  }

  it('are not all kept by unmap_mapping_folio()', async () => {
    const [record, prepared] = bare('v7.0')
    const { proof, lemmas, unmet } = await recheck(record, prepared, { ...limits, first: true })
    expect(proved(proof)).toEqual([])
    // The step that breaks it is one in which a walk finds a guard before, and nothing after.
    const broken = unmet[0]
    if (broken === undefined) throw new Error('nothing broke')
    const cti = await ctiOf(prepared.setup, lemmas, broken, limits)
    expect(cti?.from).toMatch(/unmap_folio\.zap\.ptes\.pte$/)
    expect(
      cti?.shown.some((s) => s.variable.startsWith('table.pte') && s.before === 'guard' && s.after === 'none'),
    ).toBe(true)
  }, 300_000)

  it('are kept by it where the kernel says so', async () => {
    expect(proved((await recheck(...bare('v7.0-keep-guards'), limits)).proof)).toEqual([FOLIO])
  }, 300_000)
})

it.skipIf(!all)(
  'unmap_mapping_folio() is found to keep markers where the kernel says so, by runs that come there',
  async () => {
    for (const core of ['shmem and faults', 'plain and faults']) {
      const item = itemOf('ZapKeepsGuards', core)
      const kept = await attempt(prepare(item, kernelNamed('v7.0-keep-guards'), []), limits)
      expect(proved(kept.proof)).toEqual(['unmap_mapping_folio()'])
    }
  },
  300_000,
)

const COPIED = "the child has its parent's guards"
const PROMISED = 'what was promised is in the child'

/** Labels left out, and the claim that must no longer be proved. */
const MUTANTS: readonly (readonly [property: string, core: string, without: string, claim: string, kernel: string])[] =
  [
    ['LockExclusion', 'folios', 'collapse_file.lock_new', 'folio.lock', 'v7.0'],
    ['LockExclusion', 'anonymous memory', 'anon_vma_prepare.page_table_lock', 'mm.page_table_lock', 'v7.0'],
    ['LockExclusion', 'VMAs and faults', 'lock_vma_under_rcu.recheck', 'vma.lock', 'v6.13'],
    ['LockExclusion', 'VMAs and faults', 'vma_start_write.down_write', 'vma.lock', 'v6.13'],
    ['LockExclusion', 'tables', 'retract_page_tables.pmd_lock', 'pmd.lock', 'v7.0'],
    ['LockExclusion', 'tables', 'retract_page_tables.ptl_lock', 'table.ptl', 'v7.0'],
    ['LockExclusion', 'tables', 'retract_page_tables.i_mmap_lock', 'file.i_mmap', 'v7.0'],
    ['LockExclusion', 'tables', 'try_to_free_pte.ptl_lock', 'table.ptl', 'v7.0'],
    ['LockExclusion', 'tables', '__pte_alloc.pmd_lock', 'pmd.lock', 'v7.0'],
    ['LockExclusion', 'tables', 'pte_offset_map_lock.lock', 'table.ptl', 'v7.0'],
    ['LockExclusion', 'VMAs', 'vma_start_write.drain', 'vma.lock', 'v7.0'],
    ['LockExclusion', 'VMAs', 'lock_vma_under_rcu.recheck', 'vma.lock', 'v7.0'],
    ['FlagSound', 'no flags stored', 'madvise_guard_install.set_flag', 'VM_MAYBE_GUARD', 'v7.0'],
    ['RetractionKeepsGuards', 'collapse', 'retract_page_tables.recheck', 'retract_page_tables()', 'v7.0'],
    ...['vma_merge_existing_range.dup_anon_vma', '__split_vma.i_mmap_lock_write', 'anon_vma_prepare.publish'].map(
      (without) => ['RetractionKeepsGuards', 'VMAs merged', without, 'retract_page_tables()', 'v6.18'] as const,
    ),
    ...[
      'copy_pte_range.copy_nonpresent_pte',
      'madvise_guard_install.set_flag',
      'vma_start_write.drain',
      'vma_start_write.set_seq',
      'lock_vma_under_rcu.recheck',
      'dup_mmap.mmap_write_lock',
    ].map((without) => ['ForkKept', 'fork of shmem', without, COPIED, 'v7.0'] as const),
    ['ForkKept', 'fork of shmem', 'anon_vma_prepare.publish', COPIED, 'v6.15'],
    ...[
      'copy_pte_range.copy_nonpresent_pte',
      'madvise_guard_install.set_flag',
      'madvise.MADV_DOFORK.mmap_write_lock',
      'madvise.MADV_DONTFORK.mmap_write_lock',
      'madvise.MADV_GUARD_INSTALL.mmap_read_lock',
      'dup_mmap.mmap_write_lock',
    ].map((without) => ['ForkKept', 'fork', without, COPIED, 'v6.18.37'] as const),
    ...['anon_vma_prepare.publish', 'dup_mmap.mmap_write_lock', 'madvise.MADV_DOFORK.mmap_write_lock'].map(
      (without) => ['ForkKept', 'fork', without, COPIED, 'v6.15'] as const,
    ),
    ...['anon_vma_prepare.publish', 'copy_pte_range.copy_nonpresent_pte', 'dup_mmap.mmap_write_lock'].map(
      (without) => ['ForkKept', 'fork of anonymous memory', without, COPIED, 'v6.13'] as const,
    ),
    ['ForkKept', 'fork and promises', 'anon_vma_prepare.publish', PROMISED, 'v6.15'],
    ...['copy_pte_range.copy_nonpresent_pte', 'madvise_guard_install.set_flag', 'vma_start_write.drain'].map(
      (without) => ['ForkKept', 'fork and promises', without, PROMISED, 'v7.0'] as const,
    ),
  ]
const CHEAP: readonly string[] = [
  'retract_page_tables.recheck',
  'anon_vma_prepare.page_table_lock',
  'copy_pte_range.copy_nonpresent_pte',
]

describe('recorded proofs', () => {
  it('rest on what the model of today has', () => {
    const some = different().filter((_, i) => all || i % 13 === 0)
    expect(some.length).toBeGreaterThan(2)
    for (const r of some) {
      const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
      const names = new Set([...prepared.guesses.map((g) => g.name), 'unreached'])
      expect(r.lemmas.filter((l) => !names.has(l.name))).toEqual([])
    }
  }, 300_000)

  it.skipIf(!all)(
    'are shown again',
    async () => {
      for (const r of different()) {
        const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
        expect(proved((await recheck(r, prepared, limits)).proof)).toEqual(expect.arrayContaining([...r.claims]))
      }
    },
    1_800_000,
  )

  it.skipIf(!all)(
    'are shown by the package z3-solver as by a program',
    async () => {
      for (const r of different()) {
        const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
        const again = await recheck(r, prepared, { queryMs: limits.queryMs })
        expect(proved(again.proof), `${r.property} ${r.core} ${r.kernel}`).toEqual(
          expect.arrayContaining([...r.claims]),
        )
      }
    },
    1_800_000,
  )

  it.skipIf(!all || solverChoice('cvc5') === undefined)(
    'are shown by cvc5, which is another program by other people: those of v7.0',
    async () => {
      for (const r of records().filter((x) => x.kernel === 'v7.0' && x.claims.length > 0)) {
        const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
        const again = await recheck(r, prepared, { queryMs: limits.queryMs, solver: 'cvc5', first: true })
        expect(proved(again.proof), `${r.property} ${r.core}`).toEqual(expect.arrayContaining([...r.claims]))
      }
    },
    1_800_000,
  )

  it.each(MUTANTS.filter(([, core, without]) => all || (CHEAP.includes(without) && core !== 'fork and promises')))(
    '%s (%s) is no longer shown without %s',
    async (property, core, without, claim, kernel) => {
      const record = recordNamed(property, core, kernel)
      expect(record.claims).toContain(claim)
      const prepared = prepare(itemOf(property, core), kernelNamed(record.kernel), [without])
      const again = await recheck(record, prepared, { ...limits, first: true })
      expect(proved(again.proof)).not.toContain(claim)
      expect(again.unmet.length).toBeGreaterThan(0)
    },
    300_000,
  )

  it.skipIf(!all)(
    'fork is no longer shown to keep guards where vma_needs_copy() does not look at the flag',
    async () => {
      const record = recordNamed('ForkKept', 'fork of shmem', 'v7.0')
      const kernel = kernelNamed('v7.0')
      const unaware: Kernel = {
        ...kernel,
        has: (p) => !p.startsWith('fork-copy-on-fork') && p !== 'fork-copies-maybe-guard' && kernel.has(p),
      }
      const again = await recheck(record, prepare(itemOf(record.property, record.core), unaware, []), {
        ...limits,
        first: true,
      })
      expect(proved(again.proof)).toEqual([])
    },
    300_000,
  )
})
