/** What `--json` prints: one object, with a versioned format. */
import { show } from '../model/language/types.ts'
import type { Outcome } from '../solver/engine.ts'
import { registerSlots } from '../solver/outcomes.ts'
import { assumptionsOf, scopeOf } from '../counterexamples/scope.ts'
import type { Cell } from './cell.ts'
import { hasForgotten, searchCounts } from './depth_first.ts'
import type { CellDocument, RunDocument } from './document.ts'
import { EXIT, type Outcome as ExitOutcome } from './exit.ts'
import { PROPERTIES } from '../properties/all.ts'

export const RESULT_FORMAT = { format: 'mmcheck-result', version: { major: 1, minor: 3 } } as const

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const ASKED = new Set(PROPERTIES.flatMap((p) => p.reaches))

/** Whether final states of an outcome meet the condition. */
const meets = ({ states, satisfying }: Outcome): 'all' | 'some' | 'none' =>
  satisfying === 0 ? 'none' : satisfying === states ? 'all' : 'some'

/** A cell as it is written; how it was judged is added by the run that judges it. */
export function cellJson(cell: Cell, differs: readonly string[]): CellDocument {
  const { model } = cell.lowered
  const slots = registerSlots(model)
  return {
    scenario: cell.scenario.name,
    kernel: cell.scenario.kernel.name,
    without: [...cell.scenario.without],
    engine: cell.engine,
    verdict: cell.verdict,
    properties: cell.properties.map((p) => {
      const found = cell.found.get(p.property)
      return {
        name: p.property,
        verdict: p.verdict,
        ...(found === undefined ? {} : { counterexample: found.counterexample.id, steps: found.trace.steps.length }),
        ...(found?.trace.loopStart === undefined ? {} : { loopStart: found.trace.loopStart }),
        ...(p.endless === undefined ? {} : { endless: [...p.endless] }),
        ...(p.weak === undefined ? {} : { fairness: p.weak ? 'weak' : 'strong' }),
        ...(p.unreached.length === 0 ? {} : { unreached: [...p.unreached] }),
      }
    }),
    search: {
      ...searchCounts(cell),
      transitions: cell.result.transitions,
      depth: cell.result.depth,
      complete: cell.result.incomplete === undefined,
      ...(cell.result.incomplete === undefined ? {} : { stopped: cell.result.incomplete.kind }),
      bytes: cell.result.bytes,
      ...(cell.reduced === undefined
        ? {}
        : {
            reductions: cell.reduced.reductions.map((r) => ({
              name: r.name,
              refused: r.refused ?? null,
              ...(r.because === undefined ? {} : { because: r.because }),
              ...(r.standsFor === undefined ? {} : { standsFor: r.standsFor }),
            })),
            shortest: cell.reduced.notShortest === undefined,
          }),
      ms: Math.round(cell.ms),
    },
    outcomes: cell.result.outcomes.map((o) => ({
      registers: Object.fromEntries(
        o.registers.map((value, i): [string, string] => {
          const slot = model.slots[slots[i] ?? -1]
          return slot === undefined ? [`r${i}`, String(value)] : [slot.name, show(slot.type, value)]
        }),
      ),
      ...(hasForgotten(cell) ? { meets: meets(o) } : { states: o.states, satisfying: o.satisfying }),
    })),
    condition:
      cell.observation === undefined
        ? null
        : {
            quantifier: cell.scenario.quantifier ?? null,
            holds: cell.condition ?? null,
            observation: cell.observation.word,
          },
    coverage: {
      labels: cell.labels.size,
      reached: cell.reached.size,
      unreached: [...cell.labels].filter((l) => !cell.reached.has(l)).sort(),
      asked: [...cell.reached].filter((l) => ASKED.has(l)).sort(),
    },
    scope: [...scopeOf(cell.scenario)],
    assumptions: [...assumptionsOf(cell.scenario, model)],
    counterexamples: [...cell.found.values()].map((f) => ({
      id: f.counterexample.id,
      title: f.counterexample.title,
      property: f.counterexample.property.name,
      ...(f.trace.loopStart === undefined
        ? {}
        : { loopStart: f.trace.loopStart, fairness: [...(f.counterexample.fairness ?? [])] }),
      race: f.mail(true),
      trace: f.counterexample.trace.map((s) => ({
        thread: s.thread,
        label: s.label,
        function: s.function,
        text: s.text,
        changes: Object.fromEntries(
          Object.entries(s.changes).map(([k, [from, to]]): [string, [string, string]] => [k, [from, to]]),
        ),
      })),
    })),
    notAsExpected: [...differs],
    ...(cell.problem === undefined ? {} : { problem: cell.problem }),
  }
}

export interface RunReport {
  readonly cells: readonly { readonly cell: Cell; readonly differs: readonly string[] }[]
  readonly outcome: ExitOutcome
  /** What could not be checked at all, as text. */
  readonly errors: readonly string[]
  /** Where counterexamples were kept, if any was. */
  readonly kept: string | undefined
}

export const runJson = ({ cells, outcome, errors, kept }: RunReport): RunDocument => ({
  ...RESULT_FORMAT,
  exit: EXIT[outcome].code,
  cells: cells.map((c) => cellJson(c.cell, c.differs)),
  errors: errors.map((e) => e.trimEnd()),
  kept: kept ?? null,
})

/** What a verb prints with `--json` where it fails: standard output is one object in any case. */
export const errorJson = (outcome: ExitOutcome, error: string): string =>
  `${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, errors: [error.trimEnd()] }, null, 2)}\n`
