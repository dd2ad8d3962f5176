/** Random models, word for word the reference interpreter. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { words } from '../engines/budgets.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { breathe, wasm } from './words.ts'

const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 150)
const STATES_MAX = 1500
const parameters: fc.Parameters<unknown> = {
  numRuns: RUNS,
  ...(process.env['MMCHECK_SEED'] === undefined ? {} : { seed: Number(process.env['MMCHECK_SEED']) }),
}

/** Each budget ends the search of some models early: then too, both must have seen the same. */
const BUDGETS = [10, 150, STATES_MAX]

async function agree(model: LoweredModel, maxStates: number): Promise<void> {
  await breathe()
  const result = wasm(model, { maxStates })
  expect(words(result)).toEqual(words(searchReference(model, { maxStates })))
  for (const { property, moves } of result.violations) {
    const ran = replay(model, moves)
    expect(ran.kind === 'ran' && ran.violated).toContain(property)
  }
}

test('lowered models with everything that a model can have', async () => {
  await fc.assert(fc.asyncProperty(arbitraryModel, fc.constantFrom(...BUDGETS), agree), parameters)
})

test('programs', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryProgram, fc.constantFrom(...BUDGETS), async ({ program }, maxStates) => {
      const { model } = lower(program)
      fc.pre(model.steps.length <= 60)
      await agree(model, maxStates)
    }),
    parameters,
  )
})
