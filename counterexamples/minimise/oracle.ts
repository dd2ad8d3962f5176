/** The one question of a minimiser: does this scenario still break that property? */
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { KernelLine, LitmusFile } from '../../model/litmus/ast.ts'
import { printBody } from '../../model/litmus/printer.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { findProperty, PROPERTIES, withProperties } from '../../properties/all.ts'
import type { SearchOptions, Violation } from '../../solver/engine.ts'
import { countSwitches, fewestSwitches } from '../../solver/explicit/fewest_switches.ts'
import { findViolation, searchExplicit } from '../../solver/explicit/search.ts'
import { compareNumbers } from '../../solver/order.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { canonical } from './canonical.ts'
import { measuresOf, restOf, type Size } from './size.ts'

/** What must stay: the kernel, with what is left out of it, and the property. */
export interface Target {
  readonly kernel: KernelLine
  readonly property: string
}

export interface Broken {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly violation: Violation
  /** Whether the violation is a shortest one, as a search gives it, or only one of some length. */
  readonly shortest: boolean
  /** Context switches of the trace to show, and its steps. Worked out when first asked for. */
  readonly traceSize: () => Size
}

export function newBroken(scenario: Scenario, model: LoweredModel, violation: Violation, shortest: boolean): Broken {
  let size: Size | undefined
  const traceSize = (): Size => {
    // Of one that is not known to be a shortest the model may be too large for more.
    const { moves } = shortest ? fewestSwitches(model, violation) : violation
    return (size ??= [countSwitches(model, moves), moves.length])
  }
  return { scenario, model, violation, shortest, traceSize }
}

/** Whether one scenario is smaller than another: by the measures, then by its trace, then by what else there is to read. */
export function isBetter(a: Broken, b: Broken): boolean {
  const measures = compareNumbers(measuresOf(a.scenario), measuresOf(b.scenario))
  if (measures !== 0) return measures < 0
  const traces = compareNumbers(a.traceSize(), b.traceSize())
  return traces !== 0 ? traces < 0 : compareNumbers(restOf(a.scenario.file), restOf(b.scenario.file)) < 0
}

export type Answer =
  | { readonly kind: 'breaks'; readonly broken: Broken }
  /** Every state was seen. */
  | { readonly kind: 'holds' }
  /** It is no scenario of the target: it does not say anything that can be modelled, or what is left out is not there. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'open' }

export interface Model {
  readonly scenario: Scenario
  readonly model: LoweredModel
  /** Number of the target's property. */
  readonly property: number
}

const invalid = (reason: string): Answer => ({ kind: 'invalid', reason })

/** The scenario as a model; an answer where none is needed to give it. */
export function modelOf(file: LitmusFile, target: Target): Model | Answer {
  const elaborated = elaborate(file, [target.kernel])
  if (!elaborated.ok) return invalid(elaborated.diagnostics[0]?.message ?? '')
  const [scenario] = elaborated.scenarios
  if (scenario === undefined) return invalid('no kernel')
  // A property that has nothing to do with a scenario is not violated by it.
  if (findProperty(target.property)?.build(scenario) === undefined) return { kind: 'holds' }
  try {
    const { model } = lower(withProperties(scenario))
    return { scenario, model, property: model.properties.findIndex((p) => p.name === target.property) }
  } catch (e) {
    if (e instanceof ModelError) return invalid(e.message)
    throw e
  }
}

export const isModel = (m: Model | Answer): m is Model => !('kind' in m)

/** Whether a property is one of the model's own bounds. */
export const ofModel = (name: string | undefined): boolean =>
  PROPERTIES.some((p) => p.ofModel === true && p.name === name)
/** Settings that say how much of something there is, where it must be enough. */
const BOUNDS: readonly string[] = ['tables', 'vmas']
const setsBounds = (file: LitmusFile): boolean =>
  file.decls.some((d) => d.kind === 'setting' && BOUNDS.includes(d.name.text))

/** Of so few states the interpreter has seen all before code for them has been made. */
const TINY_STATES = 600

/** Whether a scenario has few states, all of which keep the property; what it may break instead is left to a search. */
function tinyHolds({ model, property }: Model): boolean {
  const { incomplete, violations } = searchReference(model, { maxStates: TINY_STATES })
  return incomplete === undefined && violations.every((v) => v.property !== property)
}

/** Looks for a shortest violation within the limits. A world that turns out too small is none. */
export function ask(asked: Model, limits: SearchOptions): Answer {
  if (tinyHolds(asked)) return { kind: 'holds' }
  const { scenario, model, property } = asked
  const finding = findViolation(model, property, limits)
  switch (finding.kind) {
    case 'none':
      return { kind: 'holds' }
    case 'open':
      return { kind: 'open' }
    case 'found': {
      const isOfModel = (p: number): boolean => p !== property && ofModel(model.properties[p]?.name)
      if (finding.met.some(isOfModel)) return invalid('its world is too small')
      if (setsBounds(scenario.file)) {
        // How many there are was chosen, by the user or here: it must do for all that can happen.
        const all = searchExplicit(model, limits)
        if (all.violations.some((v) => isOfModel(v.property))) return invalid('its world is too small')
        if (all.incomplete !== undefined) return { kind: 'open' }
      }
      return { kind: 'breaks', broken: newBroken(scenario, model, finding.violation, true) }
    }
  }
}

/** A text that is the same for scenarios which differ in nothing that matters. */
export const keyOf = (file: LitmusFile): string => printBody({ ...canonical(file), kernels: [] })
