/** What is recorded of the sweep: every violation is explained, and some of its cells are run again. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { corpusDirectory } from '../../cli/commands/replay.ts'
import { readSweepRecord } from '../../cli/matrix/record.ts'
import { runSweepCell } from '../../cli/matrix/sweep_cell.ts'
import { cellName, cellText, pairs, triples } from '../../model/scenarios/sweep/cells.ts'
import { EXPLAINED, explanationOf } from '../../model/scenarios/sweep/explained.ts'
import { findWorld, SWEEP_KERNELS, SWEEP_WORLDS } from '../../model/scenarios/sweep/worlds.ts'

const record = readSweepRecord()

test('the findings that explain violations are told in the corpus', () => {
  const { findings } = z
    .object({ findings: z.array(z.object({ name: z.string() })) })
    .parse(JSON.parse(readFileSync(join(corpusDirectory(), 'findings.json'), 'utf8')))
  for (const e of EXPLAINED) expect(findings.map((f) => f.name)).toContain(e.finding)
})

test('every kernel of the sweep is recorded in every world that is', () => {
  expect(Object.keys(record).length).toBeGreaterThan(0)
  for (const kernels of Object.values(record)) expect(Object.keys(kernels).sort()).toEqual([...SWEEP_KERNELS].sort())
})

describe.each(Object.entries(record))('%s', (key, kernels) => {
  const world = findWorld(key.replace(/\^3$/, ''))
  if (world === undefined) throw new Error(`no world ${key}`)
  const all = key.endsWith('^3') ? triples(world) : pairs(world)

  test('has as many cells as the sweep has, each with an answer, and explains what it breaks', () => {
    for (const [kernel, of] of Object.entries(kernels)) {
      expect(of.cells, kernel).toBe(all.length)
      expect(of.unknown, kernel).toEqual([])
      for (const violations of Object.values(of.violated))
        for (const v of violations)
          expect(explanationOf(v, kernel, violations), `${v.property} at ${v.at}`).toBeDefined()
    }
  })

  test('its cells still say so', () => {
    const broken = all.filter((c) => Object.values(kernels).some((k) => cellName(c) in k.violated))
    const chosen = [broken[0], broken.at(-1), all[Math.floor(all.length / 2)]].flatMap((c) =>
      c === undefined ? [] : [c],
    )
    for (const [index, cell] of chosen.entries()) {
      const name = cellName(cell)
      const ran = runSweepCell({ index, name, text: cellText(cell, SWEEP_KERNELS), maxStates: 1_000_000 })
      if (!ran.ok) throw new Error(ran.message)
      for (const { kernel, violations } of ran.kernels)
        expect(violations, `${name} on ${kernel}`).toEqual(kernels[kernel]?.violated[name] ?? [])
    }
  })
})

test('worlds that are not recorded are told', (context) => {
  const missing = SWEEP_WORLDS.filter((w) => record[w.name] === undefined).map((w) => w.name)
  if (missing.length > 0) context.skip(`not recorded yet: ${missing.join(', ')}`)
})
