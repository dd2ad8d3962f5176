/** Truncation, hole punching and invalidation against what is known of them: selftests, mails, a running kernel. */
import { describe, expect, test } from 'vitest'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { elaborate } from '../../model/scenarios/scenario.ts'
import { Result } from '../../model/mm/errno.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { lowerScenario, scenarioOn, scenariosOf } from '../support/scenarios.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'

interface Ran {
  readonly result: SearchResult
  readonly violated: readonly string[]
  /** Routines on the stack of the last step of the shortest trace that breaks a property. */
  readonly end: (property: string) => readonly string[]
  /** What the registers hold at the end, by outcome. */
  readonly outcomes: readonly (readonly string[])[]
}

function runScenario(scenario: Scenario): Ran {
  const { model } = lowerScenario(scenario)
  const result = searchExplicit(model)
  const steps = new Map(model.steps.map((s) => [s.id, s]))
  const name = (property: number): string => model.properties[property]?.name ?? ''
  return {
    result,
    violated: result.violations.map((v) => name(v.property)),
    end: (property) => {
      const last = result.violations.find((v) => name(v.property) === property)?.moves.at(-1)
      return last === undefined ? [] : (steps.get(last.step)?.frames ?? []).map((f) => f.fn)
    },
    outcomes: result.outcomes.map((o) => o.registers.map((r) => Result.values[r] ?? String(r))),
  }
}
const run = (name: string, kernel: string, without: readonly string[] = []): Ran =>
  runScenario(scenarioOn(name, kernel, without))

/** A litmus text with one kernel line; it must hold in every state. */
function runText(text: string): Ran {
  const [scenario] = scenariosOf(text)
  if (scenario === undefined) throw new Error('no scenario')
  return runScenario(scenario)
}

describe('a finding: unmap_mapping_folio() drops guards (seen on a running 6.18.44)', () => {
  const kernels = ['v6.15', 'v6.18', 'maybe-guard-v3', 'v7.0']
  test.each(kernels)('%s: a hole punch and a reader of another mapping', (kernel) => {
    const { violated, end } = run('install-punch+read-two', kernel)
    expect(violated).toEqual(expect.arrayContaining(['GuardStays', 'NoAccess']))
    expect(end('GuardStays')).toContain('unmap_mapping_folio')
  })
  test.each(kernels)('%s: a direct write to another page of a large folio, one thread, every time', (kernel) => {
    const { violated, end, outcomes } = run('install-invalidate-large', kernel)
    expect(violated).toContain('GuardStays')
    expect(end('GuardStays')).toContain('unmap_mapping_folio')
    expect(outcomes).toEqual([['0', 'ok']])
  })
  test('it needs the folio to be mapped still: with nothing else of it mapped the guard stays, as on the running kernel', () => {
    const { violated, outcomes } = runText(`MM unmapped
kernel v7.0
{ file f[3]; map a = f[0..2] shared rw; ptes 3; huge; }
P0 { r0 = guard_install(a[0]); invalidate(f[1]); r1 = read(a[0]); }
`)
    expect(violated).toEqual([])
    expect(outcomes).toEqual([['0', 'SEGV']])
  })
  test('and with the reader done before, too', () => {
    const { violated } = runText(`MM before
kernel v7.0
{ shmem f[1]; map a = f[0] shared rw; map b = f[0] shared rw; fill b[0]; }
P0 { r0 = read(b[0]); r1 = guard_install(a[0]); r2 = punch_hole(f[0]); r3 = read(a[0]); }
`)
    expect(violated).toEqual([])
  })
  test.each([
    'install-punch+read-two',
    'install-punch+read-two-plain',
    'install-read+truncate-two',
    'install-remove+read-two-processes',
    'install-invalidate-large',
    'install-truncate-large-plain',
  ])('%s: nothing else is wrong; with the guards kept it holds', (name) => {
    expect(run(name, 'v7.0-keep-guards').violated).toEqual([])
  })
})

describe('seeds/000: the operation alone leaves guards in place', () => {
  test.each(['truncate+install', 'punch+install', 'remove+install'])('%s', (name) => {
    for (const kernel of ['v6.15', 'v6.18', 'v7.0']) expect(run(name, kernel).violated).toEqual([])
  })
  test('invalidate+install', () => {
    expect(run('invalidate+install', 'v7.0').violated).toEqual([])
  })
})

describe('guard-regions.c', () => {
  test.each(['shmem', 'plain'])('truncation, %s: SEGV throughout, SIGBUS beside it beyond the end', (kind) => {
    const [only, ...others] = run(`selftest-truncation-${kind}`, 'v7.0').outcomes
    expect(others).toEqual([])
    expect(only).toEqual(['0', '0', '0', 'SEGV', 'BUS', '0', 'SEGV', 'ok'])
  })
  test.each(['shmem', 'plain'])('hole_punch, %s', (kind) => {
    expect(run(`selftest-hole_punch-${kind}`, 'v7.0').outcomes).toEqual([['0', '0', 'SEGV', 'ok', '0', 'ok', 'ok']])
  })
  test.each(['shmem', 'plain'])('fault_around, %s', (kind) => {
    expect(run(`selftest-fault_around-${kind}`, 'v7.0').outcomes).toEqual([['ok', 'ok', '0', 'ok', 'SEGV', 'ok']])
  })
  test('memfd_write_seal', () => {
    expect(run('selftest-memfd_write_seal-shmem', 'v7.0').outcomes).toEqual([['0', 'SEGV', 'ok', '0', 'ok', 'SEGV']])
  })
})

describe('what patches and comments say', () => {
  test('v6.18, "do not populate page table entries beyond i_size": before, a huge mapping reached beyond the end', () => {
    const beyond = (kernel: string): readonly (string | undefined)[] =>
      run('truncate-write-read-large-plain', kernel).outcomes.map((o) => o[2])
    expect(beyond('v6.15')).toContain('ok')
    expect(new Set(beyond('v6.18'))).toEqual(new Set(['BUS']))
    expect(new Set(beyond('v7.0'))).toEqual(new Set(['BUS']))
  })
  test('truncate_pagecache(): the second unmap is "for correctness", the first "simply for efficiency"', () => {
    expect(run('truncate+write-cow', 'v7.0', ['shmem_setattr.unmap_again']).violated).toContain('NothingBeyondEnd')
    expect(run('truncate+write-cow', 'v7.0', ['shmem_setattr.unmap']).violated).toEqual([])
  })
  test('shmem_falloc_wait(): "we just need to make racing faults a rare case"; without it nothing breaks', () => {
    expect(run('punch+write', 'v7.0', ['shmem_falloc_wait.wait']).violated).toEqual([])
  })
  test('truncate_pagecache_range(): a hole leaves private copies', () => {
    const { outcomes, violated } = runText(`MM cow
kernel v7.0
{ file f[1]; map a = f[0] private rw; }
P0 { r0 = write(a[0]); r1 = punch_hole(f[0]); }
~exists (~(a[0] = anon))
`)
    expect(violated).toEqual([])
    expect(outcomes).toEqual([['ok', '0']])
  })
})

test.each(['drop_caches-truncate+read-plain', 'install-truncate-large-plain', 'invalidate+read-two', 'punch+write'])(
  '%s: the reference interpreter agrees in every field',
  (name) => {
    const { model } = lowerScenario(scenarioOn(name, 'v7.0'))
    const { engine: _e, bytes: _b, ...fromExplicit } = searchExplicit(model)
    const { engine: _f, bytes: _c, ...fromReference } = searchReference(model)
    expect(fromExplicit).toEqual(fromReference)
  },
)

describe('what is refused, with its reason', () => {
  const message = (op: string, kind: string): string => {
    const parsed = parseLitmus({
      name: 'x',
      text: `MM x\nkernel v7.0\n{ ${kind} f[2]; map a = f[0..1] shared rw; }\nP0 { ${op}; }\n`,
    })
    if (!parsed.ok) throw new Error('does not parse')
    const e = elaborate(parsed.file)
    return e.ok ? '' : (e.diagnostics[0]?.help ?? '')
  }
  test.each(['collapse(f)', 'madvise_collapse(a)'])('%s of a plain file', (op) => {
    expect(message(op, 'file')).toContain('CONFIG_READ_ONLY_THP_FOR_FS')
    expect(message(op, 'shmem')).toBe('')
  })
  test.each(['invalidate(f)', 'drop_caches(f)'])('%s of shmem', (op) => {
    expect(message(op, 'shmem')).toContain('lose its data')
    expect(message(op, 'file')).toBe('')
  })
})
