/** What lemmas needed the last time saves questions their hypotheses, and decides nothing. */
import { describe, expect, test } from 'vitest'
import { nativeZ3, recordedProof } from '../../cli/proofs.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { renumbered, type Needs } from '../../solver/prove/needs.ts'
import { attempt, prepare, type ItemProof } from '../../solver/prove/prove.ts'
import { adopted, recheck, recordOf, type ProofRecord, type Rechecked } from '../../solver/prove/record.ts'

describe('needs of another list', () => {
  const needs: Needs = [[1, 2], [], [0, 2]]
  test('are where the lemmas are', () => {
    expect(renumbered(needs, [2, 0, 1], 3)).toEqual([[], [2, 1], [0, 1]])
    expect(renumbered(renumbered(needs, [2, 0, 1], 3), [1, 2, 0], 3)).toEqual(needs)
  })
  test('lack what is not there', () => {
    expect(renumbered(needs, [0, undefined, 1], 2)).toEqual([[1], [0, 1]])
    expect(renumbered(needs, [0, 4, 1], 2)).toEqual([
      [4, 1],
      [0, 1],
    ])
  })
})

const z3 = nativeZ3()
const limits = { queryMs: 300_000, ...(z3 === undefined ? {} : { solver: z3 }) }
const proved = (p: ItemProof): readonly string[] => p.claims.filter((c) => c.verdict === 'proved').map((c) => c.claim)

test('a search tells what its lemmas needed', { timeout: 300_000 }, async () => {
  const item = ITEMS.find((i) => i.property === 'LockExclusion' && i.core.name === 'VMAs')
  const kernel = findKernel('v6.13')
  if (item === undefined || kernel === undefined) throw new Error('no such item')
  const prepared = prepare(item, kernel, [])
  const record = recordOf(await attempt(prepared, limits))
  const { needs, ...bare } = record
  const asked = async (r: ProofRecord): Promise<number> => (await recheck(r, prepared, limits)).proof.queries.checked
  expect(needs?.of.some((n) => n.length > 0)).toBe(true)
  const none = { ...bare, needs: { goals: needs?.goals ?? 0, of: (needs?.of ?? []).map(() => []) } }
  expect(await asked(record)).toBeLessThan(await asked(none))
})

describe('a recorded proof', () => {
  const name = { property: 'LockExclusion', core: 'VMAs', kernel: 'v7.0' }
  const item = ITEMS.find((i) => i.property === name.property && i.core.name === name.core)
  const kernel = findKernel(name.kernel)
  const recorded = recordedProof(name)
  if (item === undefined || kernel === undefined || recorded?.needs === undefined) throw new Error('no such record')
  const { needs, ...bare } = recorded
  const of = (x: Needs): ProofRecord => ({ ...bare, needs: { goals: needs.goals, of: x } })

  test('is shown from what is recorded of its needs, from nothing known, and from what is wrong', async () => {
    const prepared = prepare(item, kernel, [])
    const ask = (r: ProofRecord): ReturnType<typeof recheck> => recheck(r, prepared, limits)
    const plain = await ask(bare)
    const helped = await ask(plain.record)
    const misled = await ask(of(needs.of.map(() => [])))
    const wrong = await ask(of([...needs.of.slice(1), []]))
    for (const { proof } of [plain, helped, misled, wrong]) expect(proved(proof)).toEqual(recorded.claims)
    // What the needs suffice for is asked once; the rest is asked again with all. (Few hypotheses are not always enough
    // for a solver that has found a proof among many, though the proof rests on those alone.)
    const count = (r: Rechecked): number => r.proof.queries.checked
    expect(count(helped)).toBeLessThan(count(misled))
    expect(count(helped)).toBeGreaterThanOrEqual(count(plain))
    expect(count(await ask(misled.record))).toBeLessThan(count(misled))
    expect(Math.max(...needs.of.map((x) => x.length))).toBeLessThan(needs.of.length)
  }, 300_000)

  test('is not shown where something is missing, whatever is said of its needs', async () => {
    const broken = prepare(item, kernel, ['lock_vma_under_rcu.recheck'])
    const { proof, record } = await recheck(recorded, broken, limits)
    expect(proved(proof)).not.toContain('vma.lock')
    expect(record).toBe(recorded)
  }, 300_000)

  test('keeps the needs of those lemmas that another kernel has', () => {
    const prepared = prepare(item, kernel, [])
    const [gone] = recorded.lemmas
    const without = { ...prepared, guesses: prepared.guesses.filter((l) => l.name !== gone?.name) }
    const { lemmas, needs: left } = adopted(recorded, without)
    const same = (r: Pick<ProofRecord, 'lemmas' | 'needs'>, i: number): string | undefined =>
      i < needs.goals ? `goal ${i}` : r.lemmas[i - needs.goals]?.name
    for (const [i, l] of lemmas.entries()) {
      const before = needs.of[needs.goals + recorded.lemmas.indexOf(l)] ?? []
      const after = left?.of[needs.goals + i] ?? []
      expect(after.map((n) => same({ lemmas, ...(left === undefined ? {} : { needs: left }) }, n))).toEqual(
        before.map((n) => same(recorded, n)).filter((n) => n !== gone?.name),
      )
    }
    expect(lemmas.length).toBeLessThan(recorded.lemmas.length)
  })
})
