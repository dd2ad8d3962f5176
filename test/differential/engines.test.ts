import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { lower, type Lowered } from '../../model/language/lower/lower.ts'
import type { Program } from '../../model/language/routine.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { boundedCheck } from '../../solver/smt/bmc.ts'
import { closePool, newPool } from '../../solver/smt/pool.ts'
import { observe } from './observe.ts'
import { arbitraryProgram } from './random_program.ts'
import { newTally, tallyProgram } from './statistics.ts'
import { explore } from './structured.ts'

/** For the nightly run, which takes another seed each time and many more programs. */
const SEED = Number(process.env['MMCHECK_SEED'] ?? 20_260_801)
const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 500)
/** Fewer, since each asks a solver some dozen times. */
const SMT_RUNS = Math.max(1, Math.round(RUNS / 5))

const STATES_MAX = 2000
const STEPS_MAX = 40
const SMT_DEPTH = 12

/** Skips what is too large to be read by a person, should it fail. */
function small(program: Program): { readonly lowered: Lowered; readonly truth: SearchResult } {
  const lowered = lower(program)
  fc.pre(lowered.model.steps.length <= STEPS_MAX)
  const truth = searchReference(lowered.model, { maxStates: STATES_MAX })
  fc.pre(truth.incomplete === undefined)
  return { lowered, truth }
}

const parameters = (numRuns: number): fc.Parameters<unknown> => ({ seed: SEED, numRuns })

/** Lets the test runner be heard from between two programs. */
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/**
 * Of a hundred programs, how many at least have or do each thing: about half of what was counted when
 * this was written, so that the programs cannot become dull unnoticed.
 */
const AT_LEAST: Readonly<Record<string, number>> = {
  'violates nothing': 14,
  'violates Asserted': 8,
  'violates Loose': 4,
  'violates Invariant': 3,
  'violates Invariant2': 0.5,
  'violates Both': 2,
  'violates Step': 6,
  'violates Deadlock': 10,
  'violates NoNilDereference': 16,
  'violates NoUseAfterFree': 2,
  'reaches a cover': 30,
  'misses a cover': 25,
  'has several outcomes': 6,
  'more than 50 states': 10,
  waits: 20,
  await: 25,
  acquire: 35,
  tryAcquire: 25,
  release: 35,
  choose: 25,
  call: 25,
  result: 12,
  'by reference': 5,
  for: 35,
  while: 25,
  break: 17,
  continue: 14,
  check: 16,
  without: 6,
  when: 35,
  forEach: 35,
  member: 10,
  daemon: 12,
  lifetime: 7,
}

test('the lowering keeps all that can be seen of a program', async () => {
  const tally = newTally()
  await fc.assert(
    fc.asyncProperty(arbitraryProgram, async ({ program }) => {
      await breathe()
      const { lowered, truth } = small(program)
      const plain = explore(program, 10 * STATES_MAX)
      fc.pre(plain.complete)
      const { complete: _, size, waited: __, ...seen } = plain
      expect(observe(program, lowered, truth)).toEqual(seen)
      expect(truth.states).toBeLessThanOrEqual(size)
      tallyProgram(tally, program, plain)
    }),
    parameters(RUNS),
  )
  const dull = Object.entries(AT_LEAST).flatMap(([what, percent]) => {
    const [counted, wanted] = [tally.get(what) ?? 0, Math.floor((percent * RUNS) / 100)]
    return counted < wanted ? [`${what}: ${counted} of ${RUNS} programs, not ${wanted}`] : []
  })
  expect(dull).toEqual([])
})

/** What these two engines have to say in the same words. */
function words(result: SearchResult): Omit<SearchResult, 'engine' | 'bytes'> {
  const { engine: _, bytes: __, ...rest } = result
  return rest
}

describe('the engines agree', () => {
  test('reference and explicit, word for word', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProgram, async ({ program }) => {
        await breathe()
        const { lowered, truth } = small(program)
        expect(words(searchExplicit(lowered.model))).toEqual(words(truth))
      }),
      parameters(RUNS),
    )
  })

  const solvers = newPool()
  afterAll(() => {
    closePool(solvers)
  })

  test(`all three, on shortest violations of up to ${SMT_DEPTH} steps`, { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProgram, async ({ program }) => {
        const { lowered, truth } = small(program)
        const result = await boundedCheck(lowered.model, { maxDepth: SMT_DEPTH, maxMs: 240_000, solvers })
        expect(words(searchExplicit(lowered.model))).toEqual(words(truth))
        const lengths = (r: SearchResult): (readonly [number, number])[] =>
          r.violations.map(({ property, moves }) => [property, moves.length])
        expect(lengths(result)).toEqual(lengths(truth).filter(([, length]) => length <= SMT_DEPTH))
        for (const { property, moves } of result.violations) {
          const ran = replay(lowered.model, moves)
          expect(ran.kind === 'ran' && ran.violated).toContain(property)
        }
        if (result.incomplete === undefined) expect(result.depth).toBeGreaterThanOrEqual(truth.depth)
        else expect(result.incomplete).toEqual({ kind: 'depth', limit: SMT_DEPTH })
      }),
      parameters(SMT_RUNS),
    )
  })
})
