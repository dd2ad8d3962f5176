/** Every recorded counterexample still runs, still breaks its property, and still reads the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkCell } from '../../cli/cell.ts'
import { corpusDirectory, rerun } from '../../cli/commands/replay.ts'
import { describe as describeFound, SHORTEST } from '../../counterexamples/build.ts'
import { buildLasso } from '../../counterexamples/lasso.ts'
import { parseCounterexample } from '../../counterexamples/json.ts'
import { readFrom } from '../../counterexamples/read_from.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { findProperty } from '../../properties/all.ts'
import { corpusIds, lassoIds, movesOf, replayed } from '../support/corpus.ts'
import { scenarioOn } from '../support/scenarios.ts'

const ids = corpusIds()

const read = (name: string): string => readFileSync(join(corpusDirectory(), name), 'utf8')

test('the corpus is not empty', () => {
  expect(ids.length).toBeGreaterThan(5)
})

describe.each(ids)('%s', (id) => {
  test('replays to the same race, in the words of its finder', () => {
    const parsed = parseCounterexample(read(`${id}.json`))
    if (!parsed.ok) throw new Error(parsed.error.message)
    const again = rerun(parsed.value)
    if (!again.ok) throw new Error(again.error)
    expect(again.value.found.counterexample.id).toBe(id)
    // A replay does not search, so it does not say that nothing is shorter.
    expect(again.value.found.mail(true)).toContain('; as recorded.\n')
    const { scenario, lowered, found, property } = again.value
    const told = describeFound(scenario, lowered.model, found.trace, property, SHORTEST)
    expect(told.ok && told.value.mail(true)).toBe(read(`${id}.txt`))
    // Every file that the trace comes through is named, and no other.
    const files = readFrom(scenario, found.trace).match(/[\w/-]+\/[\w-]+\.[ch]\b/g)
    expect(new Set(files)).toEqual(new Set(parsed.value.trace.map((s) => s.file).filter((f) => f !== '')))
  })
})

describe.each(lassoIds())('%s, which never ends', (id) => {
  test('replays to the same loop, in the words of its finder', () => {
    const { scenario, lowered, found } = replayed(id)
    const { name } = found.counterexample.property
    const { loopStart = -1 } = found.trace
    const lasso = { response: 0, moves: movesOf(replayed(id)), loopStart, shortestLoop: true }
    const told = buildLasso(scenario, lowered.model, name, lasso)
    expect(told.ok && told.value.mail(true)).toBe(read(`${id}.txt`))
  })
})

describe('findings', () => {
  const { findings } = z
    .object({
      findings: z.array(
        z.object({
          name: z.string(),
          known: z.literal(false),
          property: z.string(),
          kernels: z.array(z.string()),
          scenarios: z.array(z.string()),
          evidence: z.array(z.string()).min(1),
          realKernel: z.object({ seen: z.boolean(), release: z.string() }),
        }),
      ),
    })
    .parse(JSON.parse(read('findings.json')))
  const cases = findings.flatMap((f) => f.scenarios.flatMap((s) => f.kernels.map((k) => [f.property, s, k] as const)))

  test.each(cases)('%s is broken by %s on %s', async (property, name, kernel) => {
    expect(findKernel(kernel)).toBeDefined()
    const liveness = findProperty(property)?.liveness === true
    const result = await checkCell(scenarioOn(name, kernel), { engine: 'explicit', depth: 0, lint: false, liveness })
    const broken = result.ok ? result.cell.properties.filter((p) => p.verdict === 'violated') : []
    expect(broken.map((p) => p.property)).toContain(property)
  })
})
