/** `mmcheck graph`: the states of a small scenario, drawn. */
import { kernelText } from '../../counterexamples/build.ts'
import { scopeOf } from '../../counterexamples/scope.ts'
import { toAscii } from '../../counterexamples/text.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import { stateGraph, type StateGraph } from '../../solver/explicit/graph.ts'
import { toDot } from '../../solver/export/dot.ts'
import { toSvg } from '../../solver/export/graph_svg.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { load } from '../input.ts'
import { withHelp } from '../message.ts'
import { errorJson, RESULT_FORMAT, type Json } from '../report_json.ts'
import { only } from '../target.ts'

export type GraphFormat = 'dot' | 'svg'

export interface GraphCommandOptions {
  readonly format: GraphFormat
  readonly kernels?: readonly KernelLine[]
  readonly maxStates: number
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Nobody can read a larger drawing, and browsers get slow. */
const DRAWN_MAX = 2000

/** Returns the exit code. */
export function graphCommand(operand: string, options: GraphCommandOptions): number {
  const { out, err, json, maxStates, format } = options
  const refuse = (outcome: 'input' | 'usage', text: string): number => {
    err(text)
    if (json) out(errorJson(outcome, text))
    return EXIT[outcome].code
  }
  const loaded = load(operand, options.kernels)
  if (!loaded.ok) return refuse('input', loaded.message)
  const one = only(operand, loaded.scenarios)
  if (!one.ok) return refuse(one.error.outcome, one.error.text)
  const scenario = one.value
  const model = lowered(scenario)
  if (typeof model === 'string') return fail(options, 'input', `${scenario.name}: ${model}`)
  const graph = stateGraph(model, { maxStates })
  const what = `${scenario.name} on ${kernelText(scenario)}`
  if (graph === undefined)
    return fail(options, 'incomplete', withHelp(`${what} has more than ${maxStates} states`, 'see --max-states'))
  if (!json && format === 'svg' && graph.nodes.length > DRAWN_MAX) {
    const error = `${what} has ${graph.nodes.length} states, too many to be drawn (at most ${DRAWN_MAX})`
    return fail(options, 'incomplete', withHelp(error, "'--format dot' prints the graph for Graphviz"))
  }
  out(json ? graphJson(scenario, graph) : drawn(scenario, graph, format))
  return EXIT.ok.code
}

/** The model, or what is wrong with the scenario. */
function lowered(scenario: Scenario): LoweredModel | string {
  try {
    return lower(withProperties(scenario)).model
  } catch (e) {
    if (e instanceof ModelError) return e.message
    throw e
  }
}

function drawn(scenario: Scenario, graph: StateGraph, format: GraphFormat): string {
  const name = toAscii(`${scenario.name} on ${kernelText(scenario)}`)
  switch (format) {
    case 'dot':
      return toDot(graph, name, [
        `${name}: ${graph.nodes.length} states, ${graph.edges.length} transitions.`,
        ...scopeOf(scenario).map(toAscii),
        'Double boxes: final. Octagons: a property is broken, or nobody can go on.',
      ])
    case 'svg':
      return toSvg(graph, name)
  }
}

function graphJson(scenario: Scenario, { nodes, edges }: StateGraph): string {
  const content: Json = {
    scenario: scenario.name,
    kernel: scenario.kernel.name,
    without: scenario.without,
    nodes: nodes.map((n): Json => ({ ...n })),
    edges: edges.map((e): Json => ({ ...e })),
  }
  return `${JSON.stringify({ ...RESULT_FORMAT, graph: content }, null, 2)}\n`
}
