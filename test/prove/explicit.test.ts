/** Proofs held against explicit states: the fast way against the interpreter, and what is false against both. */
import { describe, expect, it, test } from 'vitest'
import { allRecordedProofs, recordedProof } from '../../cli/proofs.ts'
import { contradiction, statesText } from '../../cli/proof_sizes.ts'
import { proofStates } from '../../cli/proof_states.ts'
import { proofRows } from '../../cli/nightly/proof_cells.ts'
import { runProof } from '../../cli/nightly/proof_run.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { and, bound, contains, eq, implies, object } from '../../model/language/expr.ts'
import { mm } from '../../model/mm/mm_types.ts'
import { mergeAlike } from '../../solver/prove/alike.ts'
import { worldOf } from '../../solver/prove/core.ts'
import { askedAbout, heldAtSmallest, holdAgainst } from '../../solver/prove/explicit.ts'
import { explore, SMALLEST } from '../../solver/prove/explore.ts'
import { finiteOf } from '../../solver/prove/finite.ts'
import { flatten } from '../../solver/prove/flat.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import { prepare, type Prepared } from '../../solver/prove/prove.ts'
import { recalled, type ProofRecord } from '../../solver/prove/record.ts'
import { settle } from '../../solver/prove/settled.ts'
import { newRandom } from '../../solver/random.ts'
import { evaluate, initialState, successors, type Successor } from '../../solver/reference/interpreter.ts'
import { specialise } from '../../solver/specialise.ts'
import { said } from '../nightly/in_process.ts'

/** Every recorded proof, at all three sizes: minutes of CPU. */
const all = process.env['MMCHECK_PROVE'] === 'all'

interface Proof {
  readonly prepared: Prepared
  readonly lemmas: readonly Lemma[]
}

function proofOf(record: ProofRecord): Proof {
  const item = ITEMS.find((i) => i.property === record.property && i.core.name === record.core)
  const kernel = findKernel(record.kernel)
  if (item === undefined || kernel === undefined) throw new Error(`${record.property}, ${record.core}`)
  const prepared = prepare(item, kernel, [])
  return { prepared, lemmas: recalled(record, prepared) }
}
/** What several tests ask of one proof is prepared once. */
const known = new Map<string, Proof>()
function proofNamed(property: string, core: string, kernel: string): Proof {
  const key = [property, core, kernel].join()
  const before = known.get(key)
  if (before !== undefined) return before
  const record = recordedProof({ property, core, kernel })
  if (record === undefined) throw new Error(`${property}, ${core}, ${kernel}`)
  const made = proofOf(record)
  known.set(key, made)
  return made
}

/** Records of kernels that have the same model are looked at once. */
const different = (): readonly ProofRecord[] => [
  ...new Map(
    allRecordedProofs()
      .filter((r) => r.claims.length > 0)
      .map((r) => [`${r.property} ${r.core} ${r.model}`, r]),
  ).values(),
]

const QUICK: readonly (readonly [string, string, string])[] = [
  ['LockExclusion', 'VMAs', 'v6.13'],
  ['FlagSound', 'no flags stored', 'v7.0'],
  ...(all ? [['ForkKept', 'fork of shmem', 'v6.19'] as const] : []),
]

describe('states of a proof', () => {
  it.each(QUICK)(
    'are as many as the interpreter finds: %s, %s, %s',
    (property, core, kernel) => {
      const { prepared, lemmas } = proofNamed(property, core, kernel)
      const { setup } = prepared
      const lean = { ...setup, system: askedAbout(setup.system, lemmas) }
      for (const sizes of all ? SMALLEST : SMALLEST.slice(0, 2)) {
        const slow = explore(lean, lemmas, sizes, all ? 400_000 : 40_000)
        const fast = holdAgainst(setup, lemmas, sizes, { merge: false })
        expect(slow.complete).toBe(true)
        expect(fast).toMatchObject({ engine: 'wasm', complete: true, states: slow.states })
        // Where some are one, there are no more.
        expect(holdAgainst(setup, lemmas, sizes).states).toBeLessThanOrEqual(slow.states)
      }
    },
    300_000,
  )

  it.each([
    ['LockExclusion', 'folios', 'v7.0'],
    ...(all
      ? ([
          ['ZapKeepsGuards', 'files on shmem', 'v7.0'],
          ['ZapKeepsGuards', 'files on plain', 'v6.15'],
        ] as const)
      : []),
  ] as const)('that are one do the same: %s, %s, %s', (property, core, kernel) => {
    const { prepared, lemmas } = proofNamed(property, core, kernel)
    const { setup } = prepared
    const world = worldOf(setup.core, setup.kernel, { threads: 2, pages: 2, tables: 2 })
    const plain = specialise(flatten(finiteOf(askedAbout(setup.system, lemmas), world), lemmas).model)
    const merged = mergeAlike(specialise(settle(plain)))
    // No number is compared with these.
    const same = plain.slots.flatMap(({ kind, type }, i) =>
      kind === 'pc' || kind === 'lock' || (kind === 'shared' && type.kind !== 'int') ? [i] : [],
    )
    const random = newRandom(11)
    const keyOf = ({ move, failed }: Successor): string => `${move.step} ${move.choices.join()} ${failed.join()}`
    let differ = 0
    for (let walk = 0; walk < (all ? 6 : 2); walk++) {
      let [a, b] = [initialState(plain), initialState(merged)]
      for (let depth = 0; depth < (all ? 250 : 100); depth++) {
        const [from, also] = [successors(plain, a), successors(merged, b)]
        expect(also.map(keyOf)).toEqual(from.map(keyOf))
        const taken = random.below(from.length)
        const [next, other] = [from[taken], also[taken]]
        if (next === undefined || other === undefined) throw new Error('nothing can be done')
        a = next.state
        b = other.state
        expect(same.map((i) => b[i])).toEqual(same.map((i) => a[i]))
        if (a.some((v, i) => v !== b[i])) differ++
        for (const { expr } of plain.invariants) expect(evaluate(merged, expr, b)).toBe(evaluate(plain, expr, a))
      }
    }
    expect(differ).toBeGreaterThan(10)
  })
})

/** No two threads hold the mmap_lock at once: so with one user thread, since no other takes it. */
function alone(): Lemma {
  const [u, v] = [bound('u', 'thread'), bound('v', 'thread')]
  const readers = mm.mmap_lock.lock.readers
  if (readers === undefined) throw new Error('mmap_lock has no readers')
  const held = readers(object('mm', 0))
  const vars = [
    { name: 'u', set: 'thread' },
    { name: 'v', set: 'thread' },
  ]
  return { name: 'alone', vars, body: implies(and(contains(held, u), contains(held, v)), eq(u, v)) }
}

describe('a retraction beside calls that split and merge VMAs', () => {
  const item = ITEMS.find((i) => i.core.name === 'VMAs merged')
  const kernel = findKernel('v6.18')
  if (item === undefined || kernel === undefined) throw new Error('VMAs merged')
  const sizes = { threads: 1, pages: 2, tables: 2 }
  const claimed = ({ claims }: Prepared): readonly Lemma[] => claims.flatMap((c) => c.lemmas)

  // One thread makes a table only where it has made an anon_vma, so that it takes none away.
  it('takes no marker away, whatever is split and merged', () => {
    const prepared = prepare(item, kernel, [])
    const held = holdAgainst(prepared.setup, claimed(prepared), sizes)
    expect(held.complete).toBe(true)
    const seen = [...held.reached].join('\n')
    for (const label of [
      'retract.early_anon_vma',
      'walk.ptes.pte_entry',
      'split_start.vm_end',
      'split_end.vm_end',
      'merge.dup_anon_vma',
      'merge.vma_set_range',
      'merge.free_middle',
    ])
      expect(seen).toMatch(new RegExp(`${label.replaceAll('.', '\\.')}$`, 'm'))
  })

  it('takes one with a marker in it where a merge does not hand the anon_vma on', () => {
    const prepared = prepare(item, kernel, ['vma_merge_existing_range.dup_anon_vma'])
    const held = holdAgainst(prepared.setup, claimed(prepared), sizes)
    expect(held.broken).toBe(claimed(prepared)[0]?.name)
    const run = held.run ?? []
    const at = (label: string): number => run.findLastIndex((s) => s.endsWith(label))
    expect(at('walk.ptes.pte_entry')).toBeGreaterThan(at('vm_end'))
    expect(at('merge.vma_set_range')).toBeGreaterThan(at('walk.ptes.pte_entry'))
    expect(run.at(-1)).toMatch(/retract\.pmdp_collapse_flush$/)
  })
})

describe('what is false', () => {
  it('with two threads alone is noticed at the third size', () => {
    const { prepared, lemmas } = proofNamed('LockExclusion', 'anonymous memory', 'v7.0')
    const sizes = proofStates(prepared.setup, [...lemmas, alone()])
    expect(sizes.map((s) => [s.threads, s.pages, s.whole, s.broken?.lemma])).toEqual([
      [1, 1, true, undefined],
      [1, 2, true, undefined],
      [2, 1, false, 'alone'],
    ])
    const run = sizes[2]?.broken?.run ?? []
    expect(new Set(run.map((s) => s.split(' ')[0]))).toEqual(new Set(['P0', 'P1']))
    expect(statesText(sizes)).toMatch(/all \d+ states; 2 threads and 1 page: a lemma fails in a state that is reached$/)
    expect(contradiction(sizes)).toMatch(
      /^the solver shows a lemma that fails with 2 threads and 1 page: alone, after P/,
    )
  })

  it('of a step is noticed: no marker is set where there was none', () => {
    const { prepared } = proofNamed('RetractionKeepsGuards', 'collapse', 'v7.0')
    const [keeps] = prepared.claims.flatMap((c) => c.lemmas)
    if (keeps?.body.kind !== 'binary') throw new Error('no lemma of steps')
    // That a step keeps markers, the other way round.
    const after = keeps.body.right
    const body = implies(after, { kind: 'old', type: after.type, arg: after })
    const wrong: Lemma = { ...keeps, name: 'none', labels: new Set(prepared.setup.system.labels.keys()), body }
    const [first, ...more] = heldAtSmallest(prepared.setup, [keeps, wrong])
    expect(more).toEqual([])
    expect(first).toMatchObject({ complete: false, broken: 'none' })
    expect(first?.run?.at(-1)).toMatch(/^P0 guard_install\./)
  })

  it('of some label is noticed: a lemma of a section, said of all labels', () => {
    const { prepared, lemmas } = proofNamed('LockExclusion', 'anonymous memory', 'v7.0')
    const [first, ...rest] = lemmas
    if (first === undefined) throw new Error('no lemma')
    const wrong = { ...first, name: 'wrong', labels: new Set(prepared.setup.system.labels.keys()) }
    expect(holdAgainst(prepared.setup, [...rest, wrong], { threads: 1, pages: 1, tables: 2 }).broken).toBe('wrong')
  })
})

test('a search that a limit ends says so, with the states that it looked at', () => {
  const { prepared, lemmas } = proofNamed('LockExclusion', 'anonymous memory', 'v7.0')
  const sizes = proofStates(prepared.setup, lemmas, { maxStates: 500 })
  expect(sizes.map((s) => s.whole)).toEqual([true, false, false])
  expect(statesText(sizes)).toMatch(/^1 thread and 1 page: all \d+ states; 1 thread and 2 pages: cut at 50\d states; /)
  expect(contradiction(sizes)).toBeUndefined()
})

it.each(all ? different() : [])(
  'hold in every state at the three smallest sizes: $property, $core, $kernel',
  (r) => {
    const { prepared, lemmas } = proofOf(r)
    const sizes = proofStates(prepared.setup, lemmas)
    expect(contradiction(sizes)).toBeUndefined()
    expect(sizes.map((s) => s.whole)).toEqual(SMALLEST.map(() => true))
  },
  300_000,
)

it.skipIf(all)('those of all records are left to MMCHECK_PROVE=all', ({ skip }) => {
  skip(`${different().length} records`)
})

test('a weekly run has them beside the proof', async () => {
  const records = allRecordedProofs()
  const [cell] = proofRows(['v7.0', 'LockExclusion', 'anonymous_memory', 'states'], records)
  const [bare] = proofRows(['v7.0', 'LockExclusion', 'anonymous_memory'], records)
  if (cell === undefined || bare === undefined) throw new Error('nothing is recorded')
  expect(cell.row.states).toBe(true)
  expect(cell.cost).toBeGreaterThan(bare.cost)
  expect(proofRows(['states'], records).length).toBe(proofRows(['all'], records).length)
  const [done] = await runProof({ row: cell.row, beat: () => undefined })
  const states = done?.document.proof?.states ?? []
  expect(done?.document).toMatchObject({ verdict: 'holds', judged: true, notAsExpected: [] })
  expect(states.map((s) => [s.threads, s.pages, s.whole])).toEqual([
    [1, 1, true],
    [1, 2, true],
    [2, 1, true],
  ])
})

it.skipIf(!all)('prove prints them where it is asked', async () => {
  const { prepared, lemmas } = proofNamed('LockExclusion', 'anonymous memory', 'v7.0')
  const ran = await said(['prove', '--property', 'LockExclusion', '--core', 'anonymous memory', '--states'])
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout.replace(/\s+/g, ' ')).toContain(`states ${statesText(proofStates(prepared.setup, lemmas))}`)
})
