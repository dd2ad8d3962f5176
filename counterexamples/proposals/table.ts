/** Proposals side by side: each demand of a thread against each proposal, and what becomes of a zero page. */
import { lower } from '../../model/language/lower/lower.ts'
import type { Kernel } from '../../model/kernels/kernel.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { scenarioOf } from '../../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../../properties/all.ts'
import type { Demand, ZeroPageEvent } from '../../properties/nosigbus_demands.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { conditionHolds, observe, verdicts, type PropertyVerdict } from '../../solver/verdict.ts'
import { buildCounterexample, type Found } from '../build.ts'

/** `refused`: mmap() takes no such mapping, so that nothing can break; `untested`: the kernel has no such scenario. */
export type DemandCell =
  | { readonly kind: 'holds' | 'refused' | 'untested' | 'unknown' }
  | { readonly kind: 'violated'; readonly scenario: string; readonly found: Found }

export interface DemandRow {
  readonly demand: Demand
  /** By the number of the proposal. */
  readonly cells: readonly DemandCell[]
}

export type Stays = 'stays' | 'gone' | 'untested' | 'unknown'

export interface EventRow {
  readonly event: ZeroPageEvent
  readonly cells: readonly Stays[]
}

export interface ProposalTable {
  readonly kernels: readonly Kernel[]
  readonly demands: readonly DemandRow[]
  readonly events: readonly EventRow[]
}

interface Ran {
  readonly verdicts: readonly PropertyVerdict[]
  /** Whether the final condition is met; undefined where the search was cut short. */
  readonly condition: boolean | undefined
  readonly build: (p: PropertyVerdict) => Found | undefined
}

const OF_MODEL: ReadonlySet<string> = new Set(PROPERTIES.filter((p) => p.ofModel).map((p) => p.name))

function run(file: LitmusFile, kernel: Kernel, limits: SearchOptions): Ran | undefined {
  const scenario = scenarioOf(file, kernel, [])
  if (scenario === undefined) return undefined
  const { model } = lower(withProperties(scenario))
  const result = searchExplicit(model, limits)
  return {
    verdicts: verdicts(model, result, OF_MODEL),
    condition: conditionHolds(scenario.quantifier ?? 'exists', observe(result), result.incomplete === undefined),
    build: ({ violation }) => {
      if (violation === undefined) return undefined
      const built = buildCounterexample(scenario, model, violation)
      if (!built.ok) throw new Error(`${scenario.name} on ${kernel.name}: ${built.error}`)
      return built.value
    },
  }
}

const lengthOf = (p: PropertyVerdict): number => p.violation?.moves.length ?? Infinity

/** The shortest violation in any of the scenarios; else the best that can be said of all of them. */
function demandCell(demand: Demand, ran: (scenario: string) => Ran | undefined): DemandCell {
  const all = demand.scenarios.flatMap((scenario) => {
    const r = ran(scenario)
    const verdict = r?.verdicts.find((p) => p.property === demand.property)
    return r === undefined || verdict === undefined ? [] : [{ scenario, r, verdict }]
  })
  const shortest = all.reduce<(typeof all)[number] | undefined>(
    (best, x) => (lengthOf(x.verdict) < (best === undefined ? Infinity : lengthOf(best.verdict)) ? x : best),
    undefined,
  )
  const found = shortest?.r.build(shortest.verdict)
  if (shortest !== undefined && found !== undefined) return { kind: 'violated', scenario: shortest.scenario, found }
  if (all.length === 0) return { kind: 'untested' }
  if (all.some((x) => x.verdict.verdict === 'holds')) return { kind: 'holds' }
  return { kind: all.every((x) => x.verdict.verdict === 'vacuous') ? 'refused' : 'unknown' }
}

/** Every demand and every event on every kernel. `file` gives a scenario of the catalogue; `tick` is told of each search. */
export function proposalTable(
  kernels: readonly Kernel[],
  demands: readonly Demand[],
  events: readonly ZeroPageEvent[],
  file: (scenario: string) => LitmusFile,
  limits: SearchOptions,
  tick: (text: string) => void,
): ProposalTable {
  const cache = new Map<string, Ran | undefined>()
  const ran =
    (kernel: Kernel) =>
    (scenario: string): Ran | undefined => {
      const key = `${scenario} on ${kernel.name}`
      if (!cache.has(key)) {
        tick(key)
        cache.set(key, run(file(scenario), kernel, limits))
      }
      return cache.get(key)
    }
  const stays = (kernel: Kernel, scenario: string): Stays => {
    const r = ran(kernel)(scenario)
    if (r === undefined) return 'untested'
    return r.condition === undefined ? 'unknown' : r.condition ? 'stays' : 'gone'
  }
  return {
    kernels,
    demands: demands.map((demand) => ({ demand, cells: kernels.map((k) => demandCell(demand, ran(k))) })),
    events: events.map((event) => ({ event, cells: kernels.map((k) => stays(k, event.scenario)) })),
  }
}
