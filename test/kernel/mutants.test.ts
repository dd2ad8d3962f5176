/**
 * A seeded error in the model is found by `conform --random`. Some that are cheap on every run; with
 * MMCHECK_MUTANTS=all every one of them, all but one drawn from every world, and how much time of a CPU it took is
 * printed: less than a minute each. A busy machine gets five minutes.
 */
import { describe, expect, test } from 'vitest'
import { conformRandom } from '../../kernel/sequences/random.ts'
import { selectWorlds } from '../../kernel/sequences/select.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { running, withProbe } from './support.ts'

const SECONDS = 300
const all = process.env['MMCHECK_MUTANTS'] === 'all'
/** Worlds whose operations are cheap to lower. */
const CHEAP = ['UFFDIO_COPY refuses where a guard is', 'collapse takes guards along']

async function found(mutant: Mutant, context: Parameters<typeof running>[0], worlds: readonly string[]): Promise<void> {
  const { running: of, model } = await running(context)
  if (model.name !== mutant.of.kernel.name) context.skip(`this kernel is like ${model.name}`)
  const selection = selectWorlds(of.features, worlds)
  const [left] = selection.skipped
  if (selection.worlds.length === 0) context.skip(`this kernel lacks ${left?.missing ?? 'all worlds'}`)
  await withProbe(context, async (probe) => {
    const before = process.cpuUsage()
    const options = { worlds: selection.worlds, runs: Infinity, seconds: SECONDS, seed: 1 }
    const report = await conformRandom(probe, mutant.of, options)
    const used = process.cpuUsage(before).user / 1e6
    const { disagreement, sequences, ms } = report
    if (all)
      process.stdout.write(
        `${mutant.name}: ${disagreement?.world ?? 'not found'}, ${sequences} sequences, ${(ms / 1000).toFixed(1)} s (${used.toFixed(1)} of CPU), shrunk to ${disagreement?.accounts.length ?? 0}\n`,
      )
    expect(disagreement?.accounts.at(-1)?.verdict).toBe('differs')
  })
}

test('there are ten or more, and each has a name', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(10)
  expect(new Set(MUTANTS.map((m) => m.name)).size).toBe(MUTANTS.length)
})

describe('a seeded error is found', () => {
  for (const mutant of MUTANTS)
    test(mutant.name, { timeout: 3 * SECONDS * 1000 }, async (context) => {
      if (!all && !CHEAP.includes(mutant.name)) context.skip('with MMCHECK_MUTANTS=all')
      await found(mutant, context, all && mutant.alone !== true ? [] : [mutant.world])
    })
})
