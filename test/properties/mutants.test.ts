/** A property that nothing can break says nothing: every mutant must break it, and only the mutant. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { PROPERTIES } from '../../properties/all.ts'
import { DEMANDS } from '../../properties/nosigbus_demands.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenarioOn, scenariosOf } from '../support/scenarios.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'

const baseline = readBaseline()

function violated(scenario: Scenario): readonly string[] {
  const { model } = lowerScenario(scenario)
  return searchExplicit(model).violations.map((v) => model.properties[v.property]?.name ?? '')
}

/** By scenario and kernel: many mutants are of one. */
const whole = new Map<string, readonly string[]>()
function violatedOn(name: string, kernel: string): readonly string[] {
  const key = `${name} on ${kernel}`
  const known = whole.get(key) ?? violated(scenarioOn(name, kernel))
  whole.set(key, known)
  return known
}

// Those of runs that never end have theirs in test/liveness.
describe.each(PROPERTIES.filter((p) => !p.ofModel && p.liveness !== true))('$name', (p) => {
  test('has a mutant', () => {
    expect(p.mutants.length).toBeGreaterThan(0)
  })
  test.each(p.mutants)('$scenario on $kernel without $without', ({ scenario, kernel, without }) => {
    expect(violatedOn(scenario, kernel)).not.toContain(p.name)
    expect(violated(scenarioOn(scenario, kernel, without))).toContain(p.name)
  })
  test.each(p.failsOn.flatMap((f) => f.kernels))('fails on %s in some scenario, as it says', (kernel) => {
    const asked = DEMANDS.filter((d) => d.property === p.name).flatMap((d) => d.scenarios)
    const named = (): readonly string[] => {
      if (kernel.startsWith('nosigbus-')) return [...asked, 'nosigbus-read+grow', 'nosigbus-pin-shared']
      // B24 has a kernel of its own.
      if (kernel === 'v6.17-rc') return ['dontneed+madvise_collapse-anon']
      return [
        'install+collapse',
        'install-read+collapse',
        'install-collapse-read',
        'install+madvise_collapse-huge',
        'install-punch+read-two',
        'install-uffd_copy',
        'mprotect-merge-guards',
        'mprotect-write',
        'mprotect+install',
        'munmap-reuse+read',
        'poison-collapse',
      ]
    }
    const names = named()
    // What is recorded is what `mmcheck check` holds the catalogue to; the rest is run.
    const known = Object.values(baseline).some((cells) => p.name in (cells[kernel]?.violations ?? {}))
    expect(known || names.some((n) => violatedOn(n, kernel).includes(p.name))).toBe(true)
  })
})

test('WorldLargeEnough: a world with too few tables is noticed', () => {
  const world = (tables: number): string => `MM small
kernel v7.0
{ shmem f[2]; map a = f[0..1] shared rw; fill a[0]; tables ${tables}; }
P0 { collapse(f); read(a[0]); }
P1 { guard_install(a[1]); }
`
  const [small] = scenariosOf(world(1))
  const [large] = scenariosOf(world(3))
  if (small === undefined || large === undefined) throw new Error('no scenario')
  expect(violated(small)).toContain('WorldLargeEnough')
  expect(violated(large)).not.toContain('WorldLargeEnough')
})
