/** Checks scenarios at points of a series; two points with the same routines are one search. */
import type { Kernel } from '../../model/kernels/kernel.ts'
import { digestOf } from '../digest.ts'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../../properties/all.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { verdicts, type Verdict } from '../../solver/verdict.ts'
import { buildCounterexample, type Found } from '../build.ts'

/** One property of one scenario at one point. */
export interface Answer {
  readonly verdict: Verdict
  readonly found?: Found
}

/** By property; a property that the scenario has nothing to do with is absent. */
export type Answers = ReadonlyMap<string, Answer>

export interface Prober {
  /** Undefined where the scenario is not to be had on that kernel. */
  readonly answers: (file: LitmusFile, kernel: Kernel) => Answers | undefined
  /** Whether the routines of the scenario are not the same on all of these kernels. */
  readonly differs: (file: LitmusFile, kernels: readonly Kernel[]) => boolean
  /** Searches made so far. */
  readonly searches: () => number
}

const OF_MODEL: ReadonlySet<string> = new Set(PROPERTIES.filter((p) => p.ofModel).map((p) => p.name))

function scenarioOf(file: LitmusFile, kernel: Kernel): Scenario | undefined {
  const made = elaborate(file, [kernelLine([kernel.name])])
  return made.ok ? made.scenarios[0] : undefined
}

/** What a scenario is made of, without the names that say where it comes from. */
const programKey = (s: Scenario): string =>
  digestOf([
    s.name,
    withProperties(s).properties,
    s.program.threads,
    s.program.sizes,
    s.program.init.map((i) => i.value),
  ])

/** What is searched: two programs that differ only in what can never run in this world are one. */
interface Model {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly key: string
}

function modelOf(scenario: Scenario): Model {
  const { model } = lower(withProperties(scenario))
  return { scenario, model, key: digestOf([scenario.name, model]) }
}

function search({ scenario, model }: Model, options: SearchOptions): Answers {
  const result = searchExplicit(model, options)
  return new Map(
    verdicts(model, result, OF_MODEL)
      .filter((p) => p.verdict !== 'error')
      .map((p): [string, Answer] => {
        if (p.violation === undefined) return [p.property, { verdict: p.verdict }]
        const built = buildCounterexample(scenario, model, p.violation)
        if (!built.ok) throw new Error(`${scenario.name} on ${scenario.kernel.name}: ${built.error}`)
        return [p.property, { verdict: p.verdict, found: built.value }]
      }),
  )
}

/** A prober that remembers what it has searched. Of equal models the first asked for gives the counterexample its kernel. */
export function newProber(options: SearchOptions): Prober {
  const byPlace = new Map<string, Model | undefined>()
  const byProgram = new Map<string, Model>()
  const answers = new Map<string, Answers>()
  const get = (file: LitmusFile, kernel: Kernel): Model | undefined => {
    const place = `${file.name.text} ${kernel.name}`
    if (byPlace.has(place)) return byPlace.get(place)
    const scenario = scenarioOf(file, kernel)
    const program = scenario && programKey(scenario)
    const model = scenario && (byProgram.get(program ?? '') ?? modelOf(scenario))
    if (model !== undefined && program !== undefined) byProgram.set(program, model)
    byPlace.set(place, model)
    return model
  }
  return {
    answers: (file, kernel) => {
      const model = get(file, kernel)
      if (model === undefined) return undefined
      const known = answers.get(model.key)
      if (known !== undefined) return known
      const fresh = search(model, options)
      answers.set(model.key, fresh)
      return fresh
    },
    differs: (file, kernels) => new Set(kernels.map((k) => get(file, k)?.key)).size > 1,
    searches: () => answers.size,
  }
}
