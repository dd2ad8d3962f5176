import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower, type Lowered } from '../../model/language/lower/lower.ts'
import type { Program } from '../../model/language/routine.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { boundedCheck } from '../../solver/smt/bmc.ts'
import { observe } from './observe.ts'
import { arbitraryProgram } from './random_program.ts'
import { newTally, tallyProgram } from './statistics.ts'
import { explore } from './structured.ts'

const SEED = Number(process.env['MMCHECK_SEED'] ?? 20_260_801)
const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 300)
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

test('the lowering keeps all that can be seen of a program', () => {
  const tally = newTally()
  fc.assert(
    fc.property(arbitraryProgram, ({ program }) => {
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
  // Half of what was counted when this was written: the programs must not become dull unnoticed.
  console.log(tally)
})

describe('the engines agree', () => {
  test('reference and explicit, word for word', () => {
    fc.assert(
      fc.property(arbitraryProgram, ({ program }) => {
        const { lowered, truth } = small(program)
        const { engine: _, bytes: __, ...words } = truth
        expect(searchExplicit(lowered.model)).toMatchObject(words)
      }),
      parameters(RUNS),
    )
  })

  test(`reference and smt, on shortest violations of up to ${SMT_DEPTH} steps`, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProgram, async ({ program }) => {
        const { lowered, truth } = small(program)
        const result = await boundedCheck(lowered.model, { maxDepth: SMT_DEPTH, maxMs: 60_000 })
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
