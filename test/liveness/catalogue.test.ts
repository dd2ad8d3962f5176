/** Whether guard install ends: what seeds/003 and the changelogs say of it, kernel by kernel. */
import { describe, expect, test } from 'vitest'
import { checkCell, type Cell } from '../../cli/cell.ts'
import { rerun } from '../../cli/commands/replay.ts'
import { parseCounterexample, toJson } from '../../counterexamples/json.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { findProperty, PROPERTIES } from '../../properties/all.ts'
import { evaluate, initialState } from '../../solver/reference/interpreter.ts'
import { lowerScenario, scenarioOn, scenariosOf } from '../support/scenarios.ts'

async function cellOf(scenario: Scenario, liveness = false): Promise<Cell> {
  const result = await checkCell(scenario, { engine: 'explicit', depth: 0, lint: false, liveness })
  if (!result.ok) throw new Error(result.message)
  return result.cell
}

const verdictsOf = (cell: Cell): Readonly<Record<string, string>> =>
  Object.fromEntries(
    cell.properties
      .filter((p) => findProperty(p.property)?.liveness === true)
      .map((p) => [p.property, p.endless?.join(', ') ?? `${p.verdict}${p.weak === false ? ', strong' : ''}`]),
  )

const SYSCALL = 'P0 madvise(MADV_GUARD_INSTALL)'

describe('a thread that reads the page again and again', () => {
  test.each([
    // -EAGAIN ends the call; under the mmap write lock of the RFC no fault gets in between.
    ['rfc', { InstallEnds: 'holds', OperationsEnd: 'holds', MmapLockGranted: 'holds' }],
    ['rfc-file-read', { InstallEnds: 'holds', OperationsEnd: 'holds' }],
    // B03.
    ['guard-v2', { InstallEnds: 'P0 madvise_guard_install()', OperationsEnd: SYSCALL }],
    ['v6.13', { InstallEnds: 'holds', OperationsEnd: SYSCALL }],
    ['v7.0', { InstallEnds: 'holds', OperationsEnd: SYSCALL }],
  ])('%s', async (kernel, expected) => {
    expect(verdictsOf(await cellOf(scenarioOn('install+keep_reading', kernel)))).toEqual(expected)
  })

  test('a writer of mmap_lock waits for ever with v2, and no longer with v4, where locks are queues', async () => {
    const of = async (kernel: string): Promise<string | undefined> =>
      verdictsOf(await cellOf(scenarioOn('install+keep_reading+mprotect', kernel)))['MmapLockGranted']
    expect(await of('guard-v2')).toBe('P2 mmap_write_lock(mm)')
    expect(await of('v6.13')).toBe('holds, strong')
  })

  test('the -EAGAIN of the RFC is met on the way', async () => {
    const { reached } = await cellOf(scenarioOn('install+keep_reading', 'rfc-file-read'))
    expect(reached).toContain('madvise_guard_poison.eagain')
    expect((await cellOf(scenarioOn('install+keep_reading', 'rfc'))).reached).not.toContain(
      'madvise_guard_poison.eagain',
    )
  })
})

test('one access is enough for a restart without end: the two start over in turn', async () => {
  const scenario = scenarioOn('install+read', 'v6.15')
  expect(verdictsOf(await cellOf(scenario))).toEqual({})
  expect(verdictsOf(await cellOf(scenario, true))).toEqual({
    InstallEnds: 'holds',
    OperationsEnd: `${SYSCALL}, P1 load()`,
  })
})

describe.each(PROPERTIES.filter((p) => p.liveness === true))('$name', (p) => {
  const violates = async (scenario: Scenario): Promise<boolean> =>
    (await cellOf(scenario)).properties.some((v) => v.property === p.name && v.verdict === 'violated')
  test.each(p.mutants)('$scenario on $kernel without $without', async ({ scenario, kernel, without }) => {
    expect(await violates(scenarioOn(scenario, kernel))).toBe(false)
    expect(await violates(scenarioOn(scenario, kernel, without))).toBe(true)
  })
  test('has a mutant', () => {
    expect(p.mutants.length).toBeGreaterThan(0)
  })
  test.each(p.failsOn.flatMap((f) => f.kernels))('fails on %s, as it says', async (kernel) => {
    const name = p.name === 'MmapLockGranted' ? 'install+keep_reading+mprotect' : 'install+keep_reading'
    expect(await violates(scenarioOn(name, kernel))).toBe(true)
  })
})

test('what must end is where the frames say, program counter by program counter', () => {
  const { model: m } = lowerScenario(scenarioOn('install+keep_reading', 'v6.13'))
  const response = m.liveness?.responses.find((r) => r.property === 'InstallEnds')
  const pcSlot = m.threads[0]?.pcSlot ?? -1
  const first = initialState(m)
  let inside = 0
  for (const step of m.steps.filter((s) => s.thread === 0)) {
    const state = first.map((v, slot) => (slot === pcSlot ? step.pc : v))
    const expected = step.frames.some((f) => f.fn === 'madvise_guard_install')
    if (expected) inside++
    expect(response && evaluate(m, response.from, state)).toBe(expected ? 1 : 0)
    expect(response && evaluate(m, response.until, state)).toBe(expected ? 0 : 1)
  }
  expect(inside).toBeGreaterThan(10)
  const labels = (ids: readonly number[] = []): readonly string[] =>
    m.steps.filter((s) => ids.includes(s.id)).map((s) => `${s.routine}.${s.local}`)
  expect(labels(m.liveness?.unfair)).toEqual(['load_forever.access'])
  expect(labels(m.liveness?.strong)).toContain('pte_offset_map_lock.lock')
  expect(labels(m.liveness?.strong)).not.toContain('walk_pte_range.pte_entry')
})

describe('a lasso as a file', () => {
  test('is replayed, and refused where it is no fair loop any more', async () => {
    const { found, lowered } = await cellOf(scenarioOn('install+keep_reading', 'guard-v2'))
    const c = found.get('InstallEnds')?.counterexample
    if (c?.loopStart === undefined) throw new Error('there is no lasso')
    expect(c.fairness?.length).toBeGreaterThan(2)
    const parsed = parseCounterexample(toJson(c))
    if (!parsed.ok) throw new Error(parsed.error.message)
    const again = rerun(parsed.value)
    if (!again.ok) throw new Error(again.error)
    const mail = again.value.found.mail(true)
    expect(mail).toContain('[LOOP: for ever from here on]')
    expect(mail).toContain('[BANG: back to LOOP: guard')
    expect(mail).toContain('weak fairness')
    for (const line of mail.split('\n')) expect(line.length).toBeLessThanOrEqual(75)

    const changed = rerun({ ...parsed.value, loopStart: c.loopStart + 1 })
    expect(changed.ok ? '' : changed.error).toContain('does not come back')
    const shorter = rerun({ ...parsed.value, trace: parsed.value.trace.slice(0, -1) })
    expect(shorter.ok ? '' : shorter.error).toContain('does not come back')
    const stopped = rerun({ ...parsed.value, loopStart: c.trace.length })
    expect(stopped.ok ? '' : stopped.error).toContain('not fair')
    const beyond = rerun({ ...parsed.value, loopStart: c.trace.length + 1 })
    expect(beyond.ok ? '' : beyond.error).toContain('cannot begin')
    const other = rerun({ ...parsed.value, property: { ...parsed.value.property, name: 'MmapLockGranted' } })
    expect(other.ok ? '' : other.error).toContain('holds on this run')
    expect(lowered.model.properties.some(({ name }) => name === 'InstallEnds')).toBe(false)
  })

  test('is the same from the reference engine', async () => {
    const scenario = scenarioOn('install+keep_reading', 'guard-v2')
    const [explicit, reference] = await Promise.all(
      (['explicit', 'reference'] as const).map((engine) => checkCell(scenario, { engine, depth: 0, lint: false })),
    )
    if (explicit?.ok !== true || reference?.ok !== true) throw new Error('it cannot be checked')
    const of = (cell: Cell): unknown => [...cell.found].map(([name, f]) => [name, f.counterexample])
    expect(of(reference.cell)).toEqual(of(explicit.cell))
  })
})

describe('who does not answer', () => {
  const scenario = scenarioOn('install+keep_reading', 'v6.13')
  test('the bounded engine: unknown, never a bound', async () => {
    const result = await checkCell(scenario, { engine: 'smt', depth: 1, lint: false })
    if (!result.ok) throw new Error(result.message)
    expect(verdictsOf(result.cell)).toEqual({ InstallEnds: 'unknown', OperationsEnd: 'unknown' })
    expect(result.cell.verdict).toBe('unknown')
  })
  test('a search that was cut short: unknown', async () => {
    const result = await checkCell(scenario, { engine: 'explicit', depth: 0, lint: false, maxStates: 100 })
    if (!result.ok) throw new Error(result.message)
    expect(verdictsOf(result.cell)).toEqual({ InstallEnds: 'unknown', OperationsEnd: 'unknown' })
  })
  test('a reduced search: the full one is asked', async () => {
    const result = await checkCell(scenario, { engine: 'explicit', depth: 0, lint: false, reductions: ['por'] })
    if (!result.ok) throw new Error(result.message)
    expect(verdictsOf(result.cell)).toEqual({ InstallEnds: 'holds', OperationsEnd: SYSCALL })
  })
})

test('a run may also stop: a lock that is never given back, and a reader that need not go on', async () => {
  const cell = await cellOf(scenarioOn('install+keep_reading', 'v6.13', ['pte_unmap_unlock.unlock']))
  const lasso = cell.properties.find((p) => p.property === 'InstallEnds')?.lasso
  expect(lasso?.loopStart).toBe(lasso?.moves.length)
  expect(cell.found.get('InstallEnds')?.mail(true)).toContain('nobody moves any more')
})

test('scenarios without an endless thread have no liveness in their model', () => {
  const [scenario] = scenariosOf('MM x\nkernel v7.0\n{ map a = anon[0] private rw; }\nP0 { guard_install(a[0]); }\n')
  if (scenario === undefined) throw new Error('no scenario')
  expect(lowerScenario(scenario).model.liveness).toBeUndefined()
})
