import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../cli/input.ts'
import { nativeZ3, recordedProof } from '../../cli/proofs.ts'
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { ctiOf } from '../../solver/prove/cti.ts'
import { explore, SMALLEST } from '../../solver/prove/explore.ts'
import { ITEMS, type Item } from '../../solver/prove/items.ts'
import { attempt, prepare, type ItemProof } from '../../solver/prove/prove.ts'
import { recheck, type ProofRecord } from '../../solver/prove/record.ts'

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

/** Every recorded proof, every mutant, every small size: minutes of CPU. */
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
const recordNamed = (property: string, core: string): ProofRecord => {
  const found = records().find((r) => r.property === property && r.core === core)
  if (found === undefined) throw new Error(`${property}, ${core}`)
  return found
}

describe('zaps of truncation and hole punch, in any state', () => {
  it('are found to keep markers; that of unmap_mapping_folio() is not', async () => {
    const item = itemOf('ZapKeepsGuards', 'files on shmem')
    const before = await attempt(prepare(item, kernelNamed('v7.0'), []), limits)
    expect(proved(before.proof)).toEqual(['truncation (even_cows)', 'hole punch'])
    // The step that breaks it is one in which a walk finds a guard before, and nothing after.
    const unmet = before.unmet[0]
    if (unmet === undefined) throw new Error('nothing broke')
    const cti = await ctiOf(before.setup, before.lemmas, unmet, limits)
    expect(cti?.from).toMatch(/unmap_folio\.zap\.ptes\.pte$/)
    expect(
      cti?.shown.some((s) => s.variable.startsWith('table.pte') && s.before === 'guard' && s.after === 'none'),
    ).toBe(true)
  }, 120_000)
})

it.skipIf(!all)(
  'unmap_mapping_folio() keeps markers where the kernel says so',
  async () => {
    const item = itemOf('ZapKeepsGuards', 'files on shmem')
    const kept = await attempt(prepare(item, kernelNamed('v7.0-keep-guards'), []), limits)
    expect(proved(kept.proof)).toContain('unmap_mapping_folio()')
  },
  120_000,
)

/** Labels left out, and the claim that must no longer be proved. */
const MUTANTS: readonly (readonly [property: string, core: string, without: string, claim: string])[] = [
  ['LockExclusion', 'tables', 'retract_page_tables.pmd_lock', 'pmd.lock'],
  ['LockExclusion', 'tables', 'retract_page_tables.ptl_lock', 'table.ptl'],
  ['LockExclusion', 'tables', 'retract_page_tables.i_mmap_lock', 'file.i_mmap'],
  ['LockExclusion', 'tables', 'try_to_free_pte.ptl_lock', 'table.ptl'],
  ['LockExclusion', 'tables', '__pte_alloc.pmd_lock', 'pmd.lock'],
  ['LockExclusion', 'tables', 'pte_offset_map_lock.lock', 'table.ptl'],
  ['LockExclusion', 'VMAs', 'vma_start_write.drain', 'vma.lock'],
  ['LockExclusion', 'VMAs', 'lock_vma_under_rcu.recheck', 'vma.lock'],
  ['FlagSound', 'no flags stored', 'madvise_guard_install.set_flag', 'VM_MAYBE_GUARD'],
  ['RetractionKeepsGuards', 'collapse', 'retract_page_tables.recheck', 'retract_page_tables()'],
]
const CHEAP: readonly string[] = ['retract_page_tables.recheck']

describe('recorded proofs', () => {
  it('claim something, and rest on what the model of today has', () => {
    expect(records().length).toBeGreaterThan(3)
    for (const r of records()) {
      const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
      const names = new Set([...prepared.guesses.map((g) => g.name), 'unreached'])
      expect(r.claims.length).toBeGreaterThan(0)
      expect(r.lemmas.filter((l) => !names.has(l.name))).toEqual([])
    }
  }, 60_000)

  it.skipIf(!all)(
    'are shown again',
    async () => {
      for (const r of records()) {
        const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
        expect(proved((await recheck(r, prepared, limits)).proof)).toEqual(expect.arrayContaining([...r.claims]))
      }
    },
    900_000,
  )

  it.skipIf(!all)(
    'hold in every state of the three smallest sizes',
    async () => {
      for (const r of records()) {
        const prepared = prepare(itemOf(r.property, r.core), kernelNamed(r.kernel), [])
        const { lemmas } = await recheck(r, prepared, limits)
        for (const sizes of SMALLEST)
          expect(explore(prepared.setup, lemmas, sizes, 400_000).broken, `${r.property} ${r.core}`).toBeUndefined()
      }
    },
    1_800_000,
  )

  it.each(MUTANTS.filter(([, , without]) => all || CHEAP.includes(without)))(
    '%s (%s) is no longer shown without %s',
    async (property, core, without, claim) => {
      const record = recordNamed(property, core)
      expect(record.claims).toContain(claim)
      const prepared = prepare(itemOf(property, core), kernelNamed(record.kernel), [without])
      const again = await recheck(record, prepared, { ...limits, first: true })
      expect(proved(again.proof)).not.toContain(claim)
      expect(again.unmet.length).toBeGreaterThan(0)
    },
    300_000,
  )
})
