/** The record of what real kernels have shown: what the running kernel's column has violated has all been tried. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfirmations } from '../../cli/confirmations.ts'
import { corpusDirectory } from '../../cli/commands/replay.ts'
import { catalogue, catalogueDirectory } from '../../cli/input.ts'
import { readSweepRecord } from '../../cli/matrix/record.ts'
import { explanationOf } from '../../model/scenarios/sweep/explained.ts'
import {
  confirmationSentence,
  confirmationsText,
  parseConfirmations,
  withConfirmation,
  type Confirmation,
} from '../../counterexamples/confirmed.ts'
import { findProperty } from '../../properties/all.ts'
import { z } from 'zod'

/** The kernel of the model that the machines of the project behave like. */
const COLUMN = 'v6.18.37'

const recorded = z.object({
  scenarios: z.record(
    z.string(),
    z.record(z.string(), z.object({ verdict: z.string(), violations: z.record(z.string(), z.unknown()).optional() })),
  ),
})

const ONE: Confirmation = {
  scenario: 'install-uffd_copy',
  property: 'GuardStays',
  kernel: COLUMN,
  id: '0123456789ab',
  release: '6.18.44',
  date: '2026-11-21',
  verdict: 'confirmed',
  rounds: 20,
  hits: 7,
  seen: 'a[0]!=guard;',
}

describe('the record', () => {
  const all = readConfirmations(corpusDirectory())

  test('has every violated scenario of the column', () => {
    const { scenarios } = recorded.parse(JSON.parse(readFileSync(join(catalogueDirectory(), 'expected.json'), 'utf8')))
    const violated = Object.entries(scenarios).filter(([, cells]) => cells[COLUMN]?.verdict === 'violated')
    expect(violated.length).toBeGreaterThan(1)
    for (const [name] of violated) expect(all.map((c) => c.scenario)).toContain(name)
  })

  test('has every violated pair of the matrix', () => {
    let pairs = 0
    for (const [world, kernels] of Object.entries(readSweepRecord()).filter(([w]) => !w.includes('^')))
      for (const cell of Object.keys(kernels[COLUMN]?.violated ?? {})) {
        pairs++
        expect(all.map((c) => c.scenario)).toContain(`sweep-${world}-${cell}`)
      }
    expect(pairs).toBeGreaterThan(1)
  })

  test('has every finding that the matrix comes upon, triples included, in each of its worlds', () => {
    const record = readSweepRecord()
    const tried = new Set(all.map((c) => c.scenario))
    const worlds = new Set<string>()
    for (const [world, kernels] of Object.entries(record))
      for (const [cell, violations] of Object.entries(kernels[COLUMN]?.violated ?? {})) {
        const base = world.replace(/\^\d+$/, '')
        for (const v of violations) expect(explanationOf(v, COLUMN, violations)).toBeDefined()
        // What a third operation does beside the two is no part of the finding.
        const operations = cell.split('+')
        const pairs = operations.flatMap((a) => operations.map((b) => `sweep-${base}-${a}+${b}`))
        expect(`${world} ${cell}: ${pairs.some((name) => tried.has(name))}`).toBe(`${world} ${cell}: true`)
        worlds.add(base)
      }
    expect(worlds.size).toBeGreaterThan(1)
  })

  test('has nothing of the column that was not run', () => {
    expect(all.filter((c) => c.kernel === COLUMN && c.verdict === 'not run')).toEqual([])
  })

  test('names scenarios and properties that there are, and says why where nothing was run', () => {
    const names = new Set(catalogue())
    for (const c of all) {
      expect(names.has(c.scenario) || c.scenario.startsWith('sweep-')).toBe(true)
      expect(findProperty(c.property)?.name).toBe(c.property)
      expect(c.verdict === 'not run' ? (c.why ?? '') !== '' && c.rounds === 0 : c.rounds > 0).toBe(true)
      expect(c.verdict === 'confirmed' ? c.hits > 0 && c.hits <= c.rounds : c.hits === 0).toBe(true)
    }
  })

  test('is written as it stands', () => {
    expect(confirmationsText(all)).toBe(readFileSync(join(corpusDirectory(), 'confirmed.json'), 'utf8'))
  })
})

test('a later run takes the place of an earlier one on the same kernel, and of no other', () => {
  const later: Confirmation = { ...ONE, date: '2026-12-01', verdict: 'not seen', hits: 0 }
  const elsewhere: Confirmation = { ...ONE, release: '6.19.1' }
  expect(withConfirmation([ONE], later)).toEqual([later])
  expect(withConfirmation([elsewhere], ONE)).toEqual([ONE, elsewhere])
})

test('in words', () => {
  const on = 'on Linux 6.18.44 (2026-11-21, its model v6.18.37)'
  expect(confirmationSentence(ONE)).toBe(`confirmed ${on}: seen in 7 of 20 rounds, a[0]!=guard;`)
  expect(confirmationSentence({ ...ONE, verdict: 'not seen', hits: 0 })).toBe(`not seen ${on}, in 20 rounds`)
  expect(confirmationSentence({ ...ONE, verdict: 'not run', why: 'it loops' })).toBe(`not run ${on}: it loops`)
})

test('what is no record is refused', () => {
  expect(parseConfirmations('{').ok).toBe(false)
  expect(parseConfirmations('{"format":"other"}').ok).toBe(false)
  expect(parseConfirmations(confirmationsText([{ ...ONE, date: 'today' }])).ok).toBe(false)
  expect(parseConfirmations(confirmationsText([ONE]))).toEqual({ ok: true, value: [ONE] })
})
