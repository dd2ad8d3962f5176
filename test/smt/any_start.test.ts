/** Bounded checking from any start: that the starts are true to the model, and what they find. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCell } from '../../cli/cell.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printLitmus } from '../../model/litmus/printer.ts'
import { anyStart } from '../../model/scenarios/any_start.ts'
import { concreteFile } from '../../model/scenarios/concrete.ts'
import { elaborate, withLeftOut, type Scenario } from '../../model/scenarios/scenario.ts'
import { evaluate, initialState } from '../../solver/reference/interpreter.ts'
import { searchAll } from '../support/search.ts'
import { lowerScenario, scenarioOn, scenariosOf, share } from '../support/scenarios.ts'
import { broken } from '../support/well_formed.ts'

describe.each(share(40, ({ expected }) => expected?.verdict === 'holds'))('$name on $kernel', ({ scenario }) => {
  test('begins and comes to rest in well-formed states alone', { timeout: 300_000 }, () => {
    expect(broken(scenario)).toEqual({ atStart: [], atRest: [] })
  })
})

test('a process that has ended leaves its removal under way, and nothing else', { timeout: 300_000 }, () => {
  expect(broken(scenarioOn('install-fork+exit-collapse', 'v6.15'))).toEqual({ atStart: [], atRest: [] })
})

test('mremap() moves the protection of userfaultfd before v6.13', { timeout: 300_000 }, () => {
  expect(broken(scenarioOn('protect-mremap', 'rfc-file'))).toEqual({ atStart: [], atRest: [] })
})

/** Conditions of an open start that the scenario's own start does not meet. */
function unmet(scenario: Scenario): readonly string[] {
  const lowered = lower(scenario.program)
  const start = initialState(lowered.model)
  return anyStart(scenario, lowered)
    .conditions.filter(({ expr }) => evaluate(lowered.model, expr, start) === 0)
    .map((c) => c.name)
}

const WORDS = [
  'read',
  'write',
  'guard',
  'marker',
  'swap',
  'poison',
  'anon_ro',
  'zero',
  'file',
  'file_ro',
  'table',
] as const
const FLAGS = ['VM_LOCKED', 'VM_MAYBE_GUARD', 'VM_DONTCOPY', 'VM_NOHUGEPAGE', 'VM_SEQ_READ', 'anon_vma'] as const
const MAPPINGS = ['f[0..2] shared rw', 'f[0..2] private rw', 'f[0..2] private r', 'anon[0..2] private rw'] as const

const worlds = fc.record({
  mapping: fc.constantFrom(...MAPPINGS),
  size: fc.integer({ min: 0, max: 3 }),
  fills: fc.array(fc.option(fc.constantFrom(...WORDS)), { minLength: 3, maxLength: 3 }),
  flags: fc.subarray([...FLAGS]),
  cached: fc.option(fc.nat(2)),
})

test('a world that is written out and read again begins in the same state', () => {
  let met = 0
  fc.assert(
    fc.property(worlds, ({ mapping, size, fills, flags, cached }) => {
      const decls = [
        `shmem f[3]${size === 3 ? '' : ` size ${size}`};`,
        `map a = ${mapping};`,
        ...fills.map((word, n) => (word === null ? '' : `fill a[${n}] ${word};`)),
        flags.length === 0 ? '' : `vma a ${flags.join(' ')};`,
        cached === null ? '' : `cache f[${cached}];`,
      ]
      const text = `MM w\nkernel v7.0\n{ ${decls.join(' ')} }\nP0 { guard_install(a[0]); }\n`
      const parsed = parseLitmus({ name: 'w', text })
      const elaborated = parsed.ok ? elaborate(parsed.file) : undefined
      // An entry that no mapping of the kind has is refused.
      fc.pre(elaborated?.ok === true)
      const [scenario] = elaborated?.ok ? elaborated.scenarios : []
      if (scenario === undefined) return
      const { model, base } = lower(scenario.program)
      const written = printLitmus(concreteFile(scenario, base, initialState(model)))
      const [again] = scenariosOf(written)
      expect(again && initialState(lower(again.program).model)).toEqual(initialState(model))
      if (unmet(scenario).length === 0) met++
    }),
    { numRuns: 25, seed: 3 },
  )
  // Some are not well-formed: a page mapped beyond the end of its file, say.
  expect(met).toBeGreaterThan(5)
})

const PRIVATE = 'MM private-collapse\nkernel v7.0\n{ shmem f[2]; map a = f[0..1] private rw; }\nP0 { collapse(f); }\n'
/** retract_page_tables() that never looks at anon_vma: it takes page tables with private copies in them. */
const FORGETS_COPIES = ['retract_page_tables.early_anon_vma', 'retract_page_tables.locked_anon_vma']

describe('a mutant that no world of the catalogue shows', () => {
  test(
    'is found from any start, as a scenario of its own that every engine agrees on',
    { timeout: 300_000 },
    async () => {
      const [plain] = scenariosOf(PRIVATE)
      if (plain === undefined) throw new Error('no scenario')
      const mutant = withLeftOut(plain, FORGETS_COPIES)
      expect(searchAll(lowerScenario(mutant).model).violations).toEqual([])
      const result = await checkCell(mutant, { engine: 'smt', depth: 25, lint: false, anyStart: true })
      if (!result.ok) throw new Error(result.message)
      const { cell } = result
      expect(cell.problem).toBeUndefined()
      const found = cell.found.get('EmptyUnlink')
      const [own] = scenariosOf(found?.counterexample.scenario.litmus ?? '')
      if (found === undefined || own === undefined) throw new Error('nothing found')
      expect(found.counterexample.id).toMatch(/^[0-9a-f]{12}$/)
      expect(printLitmus(own.file)).toMatch(/anon_vma/)
      // From that world the explicit engine, which knows nothing of the solver, finds it at the same length.
      const { model } = lowerScenario(own)
      const explicit = searchAll(model).violations.find((v) => model.properties[v.property]?.name === 'EmptyUnlink')
      expect(explicit?.moves.length).toBe(found.trace.steps.length)
    },
  )

  const affected = share(8, ({ scenario, kernel }) => {
    if (kernel !== 'v7.0') return false
    return scenario.file.threads.some((t) => t.stmts.some((s) => s.op.text.includes('collapse')))
  })
  describe.each(affected)('$name', ({ scenario, lowered: { model: plain } }) => {
    test('does not show it from its own start', { timeout: 300_000 }, () => {
      const reaches = plain.steps.some((s) => `${s.routine}.${s.local}` === FORGETS_COPIES[0])
      const { model } = reaches ? lowerScenario(withLeftOut(scenario, FORGETS_COPIES)) : { model: plain }
      const names = (m: typeof model): ReadonlySet<string> =>
        new Set(searchAll(m).violations.map((v) => m.properties[v.property]?.name ?? ''))
      expect(names(model)).toEqual(names(plain))
    })
  })
})
