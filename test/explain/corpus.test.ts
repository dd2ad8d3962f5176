/** `explain` has something to say of every recorded counterexample. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { said } from '../nightly/in_process.ts'
import { corpusIds, lassoIds, recorded } from '../support/corpus.ts'

const Explained = z.object({
  explanation: z.looseObject({
    tried: z.number(),
    kernels: z.array(z.object({ kernel: z.string(), verdict: z.string(), steps: z.number().nullable() })),
  }),
})

/** Each takes seconds: it is searched on every kernel, with every change. The first by its steps stand for all. */
const EVERY = process.env['MMCHECK_CELLS'] === 'all'
const all = [...corpusIds(), ...lassoIds()]
const byLength = [...corpusIds()].sort((a, b) => recorded(a).trace.length - recorded(b).trace.length)
const shortestLasso = [...lassoIds()].sort((a, b) => recorded(a).trace.length - recorded(b).trace.length)[0] ?? ''
const chosen = EVERY ? all : [...byLength.slice(0, 2), shortestLasso]

test.skipIf(chosen.length < all.length)(`${all.length - chosen.length} are left to MMCHECK_CELLS=all`, () => {
  expect([...chosen].sort()).toEqual([...all].sort())
})

describe.each(chosen)('%s', (id) => {
  const before = process.cwd()
  beforeAll(() => {
    process.chdir(import.meta.dirname)
  })
  afterAll(() => {
    process.chdir(before)
  })

  test('is explained, and broken on its own kernel', { timeout: 600_000 }, async () => {
    const c = recorded(id)
    const ran = await said(['explain', id, '--json'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const { explanation } = Explained.parse(JSON.parse(ran.stdout))
    expect(explanation).toMatchObject({
      id,
      property: c.property.name,
      kernel: c.scenario.kernel,
      steps: c.trace.length,
    })
    // What is found anew on its own kernel is as long as what is recorded, and no search ended at a limit.
    const own = explanation.kernels.find((k) => k.kernel === c.scenario.kernel)
    if (!c.scenario.kernel.includes(' without '))
      expect(own).toMatchObject({ verdict: 'violated', steps: c.trace.length })
    expect(explanation.kernels.filter((k) => ['timeout', 'unknown'].includes(k.verdict))).toEqual([])
    expect(explanation.tried > 0).toBe(c.loopStart === undefined)
  })
})
