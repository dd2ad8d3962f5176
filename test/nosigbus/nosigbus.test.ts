/** MAP_NOSIGBUS: what the facts read in the mails and in kernel source, held against runs. */
import { describe, expect, test } from 'vitest'
import { proposalTable } from '../../counterexamples/proposals/table.ts'
import { proposalsText } from '../../cli/report_proposals.ts'
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { PROPOSALS } from '../../model/kernels/nosigbus.ts'
import { lint } from '../../model/language/lint/lint.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { Result } from '../../model/mm/errno.ts'
import { MM_LINT_RULES } from '../../model/mm/lock_rules.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { DEMANDS, EVENTS } from '../../properties/nosigbus_demands.ts'
import { findProperty } from '../../properties/all.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { searchWasm } from '../../solver/wasm/search.ts'
import { lowerScenario, scenarioOn, scenariosOf } from '../support/scenarios.ts'

function kernelNamed(name: string): Kernel {
  const found = findKernel(name)
  if (found === undefined) throw new Error(`no kernel ${name}`)
  return found
}

interface Ran {
  readonly violated: readonly string[]
  /** Steps of the shortest trace, as `routine.label`. */
  readonly trace: (property: string) => readonly string[]
  /** Results of the registers, one list per outcome. */
  readonly outcomes: readonly (readonly string[])[]
}

function run(scenario: Scenario): Ran {
  const { model } = lowerScenario(scenario)
  const result = searchExplicit(model)
  const steps = new Map(model.steps.map((s) => [s.id, `${s.routine}.${s.local}`]))
  const of = (property: string): (typeof result.violations)[number] | undefined =>
    result.violations.find((v) => model.properties[v.property]?.name === property)
  return {
    violated: result.violations.map((v) => model.properties[v.property]?.name ?? ''),
    trace: (property) => (of(property)?.moves ?? []).map((m) => steps.get(m.step) ?? ''),
    outcomes: result.outcomes.map((o) => o.registers.map((r) => Result.values[r] ?? '')),
  }
}

const textOn = (text: string, kernel: string): Scenario => {
  const [scenario] = scenariosOf(text, [kernelLine([kernel], [])])
  if (scenario === undefined) throw new Error('no scenario')
  return scenario
}

describe('facts D.3 and D.4: what becomes of a zero page', () => {
  const names = ['nosigbus-v1.5', 'nosigbus-v2', 'nosigbus-v1.5-on-v7.0', 'nosigbus-v2-on-v7.0']
  const { events } = proposalTable(
    names.map(kernelNamed),
    [],
    EVENTS,
    (name) => scenarioOn(name, 'nosigbus-v2').file,
    {},
    () => undefined,
  )
  // Z1 and Z2 of v5.13, then both as v7.0 makes them: special. even_cows is 1 for truncation, 0 for a hole punch.
  test.each([
    ['nosigbus-truncate-page', ['gone', 'gone', 'gone', 'gone']],
    ['nosigbus-truncate-within', ['stays', 'stays', 'stays', 'stays']],
    ['nosigbus-truncate-grow', ['stays', 'stays', 'stays', 'stays']],
    ['nosigbus-punch', ['stays', 'gone', 'gone', 'gone']],
  ])('%s: %j', (scenario, expected) => {
    expect(events.find((e) => e.event.scenario === scenario)?.cells).toEqual(expected)
  })
})

describe('what mmap() answers, as each proposal has it', () => {
  const ask = (backing: string, type: string): string => `MM ask
kernel v7.0
{ ${backing} f[1] size 0; map a = f[0] ${type} unmapped; }
P0 { r0 = mmap(a[0]); }
`
  test.each([
    ['nosigbus-v1', 'shmem', 'shared r nosigbus', '0'],
    ['nosigbus-v1', 'shmem', 'private rw nosigbus', '-EINVAL'],
    ['nosigbus-v1', 'file', 'private r nosigbus', '-EINVAL'],
    ['nosigbus-v1.5', 'shmem', 'shared r nosigbus', '-EINVAL'],
    ['nosigbus-v1.5', 'file', 'private rw nosigbus', '0'],
    // 0x3 & 0x2: the test for MAP_PRIVATE lets it through, the mask of flags does not.
    ['nosigbus-v1.5', 'shmem', 'shared r nosigbus validate', '-EOPNOTSUPP'],
    ['nosigbus-v2', 'shmem', 'shared r nosigbus', '-EINVAL'],
    ['nosigbus-linus', 'shmem', 'shared r nosigbus', '0'],
    ['nosigbus-sketch', 'file', 'private rw nosigbus', '0'],
  ])('%s, %s %s: %s', (kernel, backing, type, expected) => {
    expect(run(textOn(ask(backing, type), kernel)).outcomes).toEqual([[expected]])
  })
})

describe('the write into the zero page (Hugh Dickins, 1 June 2021)', () => {
  const found = run(scenarioOn('nosigbus-mprotect-write', 'nosigbus-v1'))
  test('is the store at the end of map, load, mprotect', () => {
    expect(found.violated).toContain('ZeroPageUnwritten')
    const trace = found.trace('ZeroPageUnwritten')
    const places = ['__mmap_region.vma_link_file', 'vm_insert_page.set_pte_at', 'change_pte_range.commit'].map((l) =>
      trace.indexOf(l),
    )
    expect(places.every((p, i) => p > (places[i - 1] ?? -1))).toBe(true)
    expect(trace.at(-1)).toBe('store.access')
  })
  test('the reference interpreter finds none that is shorter', () => {
    const { model } = lowerScenario(scenarioOn('nosigbus-mprotect-write', 'nosigbus-v1'))
    const property = model.properties.findIndex((p) => p.name === 'ZeroPageUnwritten')
    const slow = searchReference(model).violations.find((v) => v.property === property)
    expect(slow?.moves.length).toBe(found.trace('ZeroPageUnwritten').length)
  })
  test('needs mprotect(): without it the store is refused', () => {
    const text = `MM without-mprotect
kernel v7.0
{ shmem f[1] size 0; map a = f[0] shared r nosigbus unmapped; }
P0 { r0 = mmap(a[0]); r1 = read(a[0]); r2 = write(a[0]); }
`
    const ran = run(textOn(text, 'nosigbus-v1'))
    expect(ran.outcomes).toEqual([['0', 'ok', 'SEGV']])
    expect(ran.violated).not.toContain('ZeroPageReadOnly')
  })
  test.each(['nosigbus-v1.5', 'nosigbus-v2', 'nosigbus-linus'])('%s has none', (kernel) => {
    expect(run(scenarioOn('nosigbus-mprotect-write', kernel)).violated).not.toContain('ZeroPageReadOnly')
  })
})

describe('facts D.5', () => {
  test.each([
    ['nosigbus-v1', true],
    ['nosigbus-v1.5', true],
    ['nosigbus-v2', false],
  ])('D-S1 on %s: SIGBUS is %s', (kernel, sigbus) => {
    const { outcomes } = run(scenarioOn('nosigbus-read+read', kernel))
    expect(outcomes.some((o) => o.includes('BUS'))).toBe(sigbus)
  })
  test('D-S1: the one that comes second meets -EBUSY', () => {
    const trace = run(scenarioOn('nosigbus-read+read', 'nosigbus-v1.5')).trace('NoSigbusBeyondEnd')
    expect(trace.filter((s) => s === 'vm_insert_page.set_pte_at')).toHaveLength(1)
    expect(trace.filter((s) => s === 'vm_insert_page.pte_none')).toHaveLength(2)
    expect(trace.at(-1)).toBe('load.do_sigbus')
  })
  test.each([
    ['nosigbus-v1', ['ok', 'OOM']],
    ['nosigbus-v1.5', ['ok', 'BUS']],
    ['nosigbus-v2', ['ok', 'OOM']],
  ])('D-S2 on %s: %j', (kernel, expected) => {
    const { outcomes } = run(scenarioOn('nosigbus-read-oom', kernel))
    expect(outcomes.flat().sort()).toEqual([...expected].sort())
  })
  test('D-S9: the flag that guard install sets is overwritten', () => {
    const trace = run(scenarioOn('nosigbus-read+install', 'nosigbus-v1.5-on-v7.0')).trace('FlagsKept')
    expect(trace.at(-1)).toBe('do_read_fault.store_vm_flags')
    expect(trace.indexOf('do_read_fault.load_vm_flags')).toBeLessThan(trace.indexOf('madvise_guard_install.set_flag'))
  })
})

test.each(['nosigbus-v1', 'nosigbus-v2'])('three engines see the same of two readers on %s', (kernel) => {
  const { model } = lowerScenario(scenarioOn('nosigbus-read+read', kernel))
  const { engine: _e, bytes: _b, ...explicit } = searchExplicit(model)
  const { engine: _f, bytes: _c, ...reference } = searchReference(model)
  expect(reference).toEqual(explicit)
  const wasm = searchWasm(model, {})
  if (!wasm.ok) throw new Error(wasm.reason)
  const { engine: _g, bytes: _d, ...fast } = wasm.result
  expect(fast).toEqual(explicit)
})

test.each(['truncate+read', 'punch+write-cow'])(
  '%s: where no mapping asks for it, the flag changes nothing',
  (name) => {
    const sizes = (kernel: string): readonly number[] => {
      const { states, transitions, depth } = searchExplicit(lowerScenario(scenarioOn(name, kernel)).model)
      return [states, transitions, depth]
    }
    expect(sizes('nosigbus-v2-on-v7.0')).toEqual(sizes('v7.0'))
  },
)

test.each(PROPOSALS.map((p) => p.name))('the linter has nothing to say of two readers on %s', (kernel) => {
  const lowered = lowerScenario(scenarioOn('nosigbus-read+read', kernel))
  const grave = lint(lowered, MM_LINT_RULES).filter((f) => f.code !== 'ML008' && f.code !== 'ML009')
  expect(grave).toEqual([])
})

describe('the table', () => {
  const some = DEMANDS.filter((d) => ['N6', 'DS2'].includes(d.id))
  const kernels = ['nosigbus-v1', 'nosigbus-v1.5'].map(kernelNamed)
  const table = proposalTable(
    kernels,
    some,
    [],
    (name) => scenarioOn(name, 'nosigbus-v2').file,
    {},
    () => undefined,
  )

  test('has an id in every failing cell, and beside it who asked', () => {
    const text = proposalsText([{ base: 'On v5.13', heads: ['v1', 'v1.5'], table }])
    const cells = table.demands.flatMap((d) => d.cells)
    expect(table.demands.map((d) => d.cells.map((c) => c.kind))).toEqual([
      ['violated', 'holds'],
      ['holds', 'violated'],
    ])
    for (const c of cells) if (c.kind === 'violated') expect(text).toContain(c.found.counterexample.id)
    const flowing = text.replace(/\s+/g, ' ')
    for (const d of some) expect(flowing).toContain(d.who)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(75)
  })
  test('asks of every demand by a property and scenarios that there are', () => {
    for (const d of DEMANDS) {
      expect(findProperty(d.property)).toBeDefined()
      for (const s of d.scenarios) expect(scenarioOn(s, 'nosigbus-sketch-on-v7.0').name).toBe(s)
    }
  })
})
