/** The table of claims and kernels that is recorded: each entry has its proof, or its counterexample, beside it. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { allRecordedProofs, recordedProof } from '../../cli/proofs.ts'
import { readTable, tableText } from '../../cli/proof_table.ts'
import { PROVED_KERNELS } from '../../cli/proof_words.ts'
import { outcomeOf, reasonText, withoutProof } from '../../cli/commands/prove_answer.ts'
import { refute, WITNESSES } from '../../cli/refute.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { CORE_NAMES, PROVED_PROPERTIES } from '../../solver/prove/names.ts'
import { said } from '../nightly/in_process.ts'

const table = readTable()
const baseline = readBaseline()

test('the names that a command line takes are those of the core list', () => {
  expect(new Set(ITEMS.map((i) => i.property))).toEqual(new Set(PROVED_PROPERTIES))
  expect(new Set(ITEMS.map((i) => i.core.name))).toEqual(new Set(CORE_NAMES))
})

describe('the recorded table', () => {
  test('has every model on every kernel', () => {
    const wanted = ITEMS.map((i) => [i.property, i.core.name])
    for (const [property, core] of wanted)
      for (const kernel of PROVED_KERNELS)
        expect(
          table.some((a) => a.property === property && a.core === core && a.kernel === kernel),
          `${property ?? ''} (${core ?? ''}) on ${kernel}`,
        ).toBe(true)
  })

  test('says proved of what has a recorded proof, and of nothing else', () => {
    for (const a of table) {
      const record = recordedProof(a)
      const refuted = a.verdict === 'violated'
      expect(a.verdict === 'proved', `${a.property} (${a.core}), ${a.claim} on ${a.kernel}`).toBe(
        !refuted && record?.claims.includes(a.claim) === true,
      )
    }
    for (const r of allRecordedProofs().filter((x) => PROVED_KERNELS.includes(x.kernel)))
      for (const claim of r.claims)
        expect(
          table.some(
            (a) => a.property === r.property && a.core === r.core && a.kernel === r.kernel && a.claim === claim,
          ),
          `${r.property} (${r.core}), ${claim} on ${r.kernel}`,
        ).toBe(true)
  })

  test('names the counterexamples that the catalogue finds every night, on all kernels that it has', () => {
    const violated = table.filter((a) => a.verdict === 'violated')
    let compared = 0
    for (const a of violated) {
      const witness = WITNESSES.find((w) => w.property === a.property && w.core === a.core && w.claim === a.claim)
      expect(witness?.scenarios).toContain(a.scenario)
      const cell = baseline[a.scenario ?? '']?.[a.kernel]
      if (cell === undefined) continue
      compared++
      expect(cell.violations[witness?.shown ?? '']?.id, `${a.scenario ?? ''} on ${a.kernel}`).toBe(a.counterexample)
    }
    expect(compared).toBeGreaterThan(violated.length / 2)
  })

  test('says why of all that is unknown', () => {
    for (const a of table.filter((x) => x.verdict === 'unknown')) expect(a.why ?? '').not.toBe('')
  })

  test('is printed at once, as what it is', async () => {
    const ran = await said(['prove', '--table'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^As recorded (on|from) \d{4}-\d\d-\d\d.*: nothing was checked\s+now\./)
    for (const k of PROVED_KERNELS) expect(ran.stdout).toContain(k)
    const some = await said(['prove', '--table', '--core', 'collapse', '--kernel', 'v7.0'])
    expect(some.stdout).toMatch(/retract_page_tables\(\) +yes/)
    expect(some.stdout).not.toContain('v6.19')
    const refused = await said(['prove', '--table', '--find'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('--table reads what is recorded')
  })
})

test('of a claim without a proof it is told in how many states there is no counterexample', async () => {
  const kernel = findKernel('v6.18')
  if (kernel === undefined) throw new Error('no such kernel')
  const seen = await refute('RetractionKeepsGuards', 'VMAs merged', 'retract_page_tables()', kernel)
  if (seen.kind !== 'not seen') throw new Error('a counterexample')
  const scenario = 'merge-guards+collapse'
  const recorded = baseline[scenario]?.['v6.18']?.states
  expect(recorded).toBe(4843)
  const answer = withoutProof(seen.searches, 'why')
  expect(answer).toMatchObject({ kind: 'sizes', searches: [{ where: scenario, complete: true, states: recorded }] })
  expect(reasonText(answer)).toBe(`holds in all 4843 states of ${scenario}; why`)
  expect(outcomeOf(answer)).toBe('unknown')
  expect(withoutProof([{ where: 'x', states: 5, depth: 2, complete: false, vacuous: false }], 'why')).toMatchObject({
    kind: 'bounded',
  })
  expect(withoutProof([], 'why')).toEqual({ kind: 'unknown', why: 'why' })
})

test('a claim that is recorded as proved, and has no proof, is not told as proved', () => {
  const of = { property: 'P', core: 'none', claim: 'c', kernel: 'v7.0' }
  const text = tableText(
    [
      { ...of, verdict: 'unknown', why: 'no proof' },
      { ...of, kernel: 'v6.19', verdict: 'proved' },
    ],
    ['v6.19', 'v7.0'],
  )
  expect(text).toMatch(/^ {2}c +yes {4}\?$/m)
  expect(text).toContain('?: c (P (none)) on v7.0: no proof')
})
