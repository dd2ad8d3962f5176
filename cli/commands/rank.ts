/** `mmcheck rank`: why the loops of a kernel routine end, or which of them no counter ends. */
import { kernelText } from '../../counterexamples/build.ts'
import { toAscii } from '../../counterexamples/text.ts'
import { kernelRoutines } from '../../model/mm/routines.ts'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { closest } from '../../model/litmus/suggest.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { SolverChoice } from '../../solver/smt/choice.ts'
import { callsOf, rankLoops, type Component, type Loop } from '../../solver/smt/ranking.ts'
import { closeSolver, startSolver } from '../../solver/smt/solver_process.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { catalogue, load } from '../input.ts'
import { printable, withHelp } from '../message.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

export interface RankOptions {
  readonly kernel: Kernel
  /** A scenario that calls it; the first of the catalogue where absent. */
  readonly scenario?: string
  readonly solver?: SolverChoice
  /** Asks about the loops of the routine itself: every call in it is taken to return. */
  readonly own: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const SOLVER_MS = 120_000

interface Call {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly steps: readonly Step[]
}

/** The first call of the routine in one of the scenarios, on the kernel. */
function firstCall(routine: string, names: readonly string[], kernel: Kernel): Call | string | undefined {
  for (const name of names) {
    const loaded = load(name, [kernelLine([kernel.name], [])])
    if (!loaded.ok) {
      if (names.length === 1) return loaded.message
      continue
    }
    for (const scenario of loaded.scenarios)
      try {
        const { model } = lower(scenario.program)
        const [steps] = callsOf(model, routine)
        if (steps !== undefined) return { scenario, model, steps }
      } catch (e) {
        if (!(e instanceof ModelError)) throw e
      }
  }
  return undefined
}

const label = (model: LoweredModel, id: number, of: Step | undefined): string => {
  const step = model.steps.find((s) => s.id === id)
  const own = of === undefined ? '' : `${of.label.split('.').slice(0, -1).join('.')}.`
  const text = step?.label ?? String(id)
  return text.startsWith(own) ? text.slice(own.length) : text
}

/** `end - addr`, or `addr`: what falls, in the words of the model. */
function counterText(model: LoweredModel, { counter: { slot, falls } }: Component): string {
  const declared = model.slots[slot]
  const name = (declared?.name ?? '').replace(/^P\d+\./, '')
  return falls === 'down' ? name : `${declared?.hi ?? 0} - ${name}`
}

/** The routine that all of some steps lie in: the innermost that is common to them, below the one that was asked about. */
function placeOf(model: LoweredModel, ids: readonly number[], routine: string): string | undefined {
  const [first = [], ...rest] = ids.map((id) => model.steps.find((s) => s.id === id)?.frames ?? [])
  const common = first.filter((f, i) => rest.every((r) => r[i]?.id === f.id))
  const inner = common[common.length - 1]?.fn
  return inner === undefined || inner === routine ? undefined : inner
}

/** What a rank says of a routine whose own loops end, though some of those that it calls may go on. */
function ownText(model: LoweredModel, loops: readonly Loop[], routine: string): string {
  const own = loops.filter((l) => placeOf(model, l.steps, routine) === undefined && l.rank.length > 0)
  const open = loops.flatMap((l) => l.unranked.map((ids) => placeOf(model, ids, routine)))
  if (own.length === 0 || open.length === 0 || open.includes(undefined)) return ''
  const callees = [...new Set(open)].map((fn) => `${fn ?? ''}()`).join(', ')
  const counters = own.flatMap((l) => l.rank.map((c) => counterText(model, c))).join(', ')
  return ` Its own loop is proved to end, by (${counters}); what has no counter lies in ${callees}.`
}

/** The loops that the routine itself makes, without what goes round in a routine that it calls. */
function ownLoops(model: LoweredModel, loops: readonly Loop[], routine: string): readonly Loop[] {
  const isOwn = (ids: readonly number[]): boolean => placeOf(model, ids, routine) === undefined
  return loops.filter((l) => isOwn(l.steps)).map((l) => ({ ...l, unranked: l.unranked.filter(isOwn) }))
}

function loopText(model: LoweredModel, loop: Loop, first: Step | undefined): string {
  const at = (ids: readonly number[]): string => ids.map((id) => label(model, id, first)).join(', ')
  const counters = loop.rank.map((c) => counterText(model, c))
  const paragraph = (text: string, indent: string): string => wrapped(toAscii(text), indent, 4)
  return [
    paragraph(`loop of ${loop.steps.length} steps`, '  '),
    ...(counters.length === 0 ? [] : [paragraph(`ranked by (${counters.join(', ')})`, '    ')]),
    ...loop.rank.map((c, i) => paragraph(`${counters[i] ?? ''} falls at ${at(c.at)}`, '      ')),
    ...loop.unranked.map((ids) => paragraph(`no counter ends what goes round through ${at(ids)}`, '    ')),
  ].join('\n')
}

/** How many loops, nested ones counted, have a counter, and how many have none. */
function verdictText(loops: readonly Loop[]): string {
  const ranked = loops.reduce((n, l) => n + l.rank.length, 0)
  const unranked = loops.reduce((n, l) => n + l.unranked.length, 0)
  if (ranked + unranked === 0) return 'has no loop'
  if (unranked === 0) return 'ends: each of its loops has a counter that ends it'
  const those = ranked === 0 ? 'none of its loops' : `${ranked} of its ${ranked + unranked} loops`
  return `may not end: ${those} has a counter that ends it`
}

/**
 * Returns the exit code: 0 where every loop that is asked about is ranked (but with `own`, those of the routines that
 * it calls too), 20 where one is not.
 */
export async function rankCommand(name: string, options: RankOptions): Promise<number> {
  const { kernel, json, out } = options
  const routine = name.replace(/\(\)$/, '')
  const call = firstCall(routine, options.scenario === undefined ? catalogue() : [options.scenario], kernel)
  if (typeof call === 'string') {
    options.err(call)
    return EXIT.input.code
  }
  if (call === undefined) {
    const known = kernelRoutines({ has: kernel.has, oom: true, thp: true, uffd: 'waits' }).map((r) => r.name)
    const near = closest(routine, known)
    const help = known.includes(routine)
      ? "give one that does: '--scenario install+read'"
      : near === undefined
        ? "'mmcheck list --routines' prints them"
        : `did you mean '${near}'?`
    return fail(options, 'usage', withHelp(`no scenario calls ${printable(routine)}() on ${kernel.name}`, help))
  }
  const { model, steps, scenario } = call
  const solver = startSolver(options.solver === undefined ? {} : { choice: options.solver })
  try {
    const ranking = await rankLoops(model, steps, solver, SOLVER_MS)
    if (ranking.kind === 'failed') return fail(options, 'unknown', `the solver did not answer: ${ranking.reason}`)
    const { queries } = ranking
    const loops = options.own ? ownLoops(model, ranking.loops, routine) : ranking.loops
    const ends = loops.every((l) => l.unranked.length === 0)
    if (json) {
      const names = (ids: readonly number[]): readonly string[] => ids.map((id) => label(model, id, undefined))
      const described = loops.map((l) => ({
        steps: names(l.steps),
        rank: l.rank.map((c) => ({ counter: counterText(model, c), falls: names(c.at) })),
        unranked: l.unranked.map(names),
      }))
      const asked = { routine, kernel: kernel.name, scenario: scenario.name, own: options.own }
      const result = { ...asked, ends, queries, loops: described }
      out(`${JSON.stringify({ ...RESULT_FORMAT, ...result }, null, 2)}\n`)
    } else {
      out(
        `${wrapped(`${routine}() on ${kernelText(scenario)}, as ${scenario.name} calls it, ${options.own ? 'where every call in it returns, ' : ''}${verdictText(loops)}.${ownText(model, loops, routine)}`, '')}\n`,
      )
      for (const loop of loops) out(`\n${loopText(model, loop, steps[0])}\n`)
      const unranked = ends ? '' : " 'mmcheck check --liveness' looks for a run that goes round for ever."
      const scope = `${queries} questions to the solver, each of one step from any state of what others can write: for any number of other threads, and as long as the locks that it waits for are given up.${unranked}`
      out(`\n${wrapped(scope, '')}\n`)
    }
    return ends ? EXIT.ok.code : EXIT.incomplete.code
  } finally {
    closeSolver(solver)
  }
}
