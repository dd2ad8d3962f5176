/** The thirty selftests of guard-regions.c on three backings: none is forgotten, and each asks for every result. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { catalogue } from '../../cli/input.ts'
import type { Cond } from '../../model/litmus/ast.ts'
import { catalogueText, scenariosOf } from '../support/scenarios.ts'
import { CELLS, litmusOf, SELFTESTS, WITHOUT } from './selftests.ts'

const present = CELLS.filter((c) => c.without === undefined)

test('thirty tests, three backings, each with a litmus file or a reason', () => {
  expect(new Set(SELFTESTS).size).toBe(30)
  expect(CELLS).toHaveLength(90)
  const files = catalogue().filter((name) => name.startsWith('selftest-') && !name.startsWith('selftest-cow-'))
  expect(files.sort()).toEqual(present.map((c) => c.name).sort())
  expect(Object.keys(WITHOUT).every((name) => SELFTESTS.some((s) => s === name))).toBe(true)
})

/** Registers whose value a conjunction fixes. */
function fixed(c: Cond): readonly string[] {
  switch (c.kind) {
    case 'and':
      return c.args.flatMap(fixed)
    case 'register':
      return c.comparison === '=' ? [`P${c.thread.index}:${c.register.text}`] : []
    case 'or':
    case 'not':
    case 'page':
      return []
  }
}

describe.each(present)('$name', ({ test: of, backing, name }) => {
  test('is of its backing, and fixes every result on every path', () => {
    const [scenario] = scenariosOf(catalogueText(name))
    if (scenario === undefined) throw new Error(`${name} has no kernel`)
    expect(scenario.name).toBe(litmusOf(of, backing))
    expect(scenario.file.comments[0]).toContain(`guard-regions.c, ${of}`)
    const [a] = scenario.world.mappings
    expect(a?.file === undefined ? 'anon' : a.file.shmem ? 'shmem' : 'plain').toBe(backing)
    expect(scenario.quantifier).toBe('forall')
    const cond = scenario.file.final?.cond
    expect(cond === undefined ? [] : [...new Set(fixed(cond))].sort()).toEqual([...scenario.registers.keys()].sort())
    for (const t of scenario.file.threads) for (const s of t.stmts) expect(s.register?.text).toBeDefined()
  })

  test('holds on its kernels', () => {
    const cells = Object.values(readBaseline()[name] ?? {})
    expect(cells.length).toBeGreaterThan(0)
    for (const c of cells) expect(c.observation).toMatch(/^Always [1-9]\d* 0$/)
  })
})
