/**
 * Bounded checking: for depth 0, 1, 2, ... can a property fail after exactly that many moves? The
 * first depth with a yes gives a shortest counterexample, and the search goes on for the others.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, Move, Progress, SearchResult, Violation } from '../engine.ts'
import { dialectOf, logicOf } from './choice.ts'
import type { Dialect } from './choice.ts'
import { logCommands, logQuery } from './log.ts'
import type { SmtLog } from './log.ts'
import { newOrder, ordered } from './order.ts'
import type { Order } from './order.ts'
import { assertions, definitions, nameOf, newPrinter } from './print.ts'
import type { Printer } from './print.ts'
import { closePool, giveSolver, newPool, takeSolver } from './pool.ts'
import type { SolverPool } from './pool.ts'
import { check, run } from './solver_process.ts'
import type { Answer, Reply, SolverOptions, SolverProcess } from './solver_process.ts'
import { startState, startValues } from './start.ts'
import type { OpenStart, Start } from './start.ts'
import { FALSE, iff, implies, newTerms, not, or, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'
import { deadlocked, unrollMove, violated } from './unroll.ts'
import type { Layer } from './unroll.ts'
import type { Value } from './value.ts'
import { pathLength } from './witness.ts'

export interface BoundedOptions {
  /** How many moves a path may have. */
  readonly maxDepth: number
  /** For the whole search, starting the solver included. */
  readonly maxMs: number
  /** Whether to stop, incomplete, once there is no property left to break. */
  readonly stopWhenAllFound?: boolean
  /** Paths begin in any of these states; in the model's own where this is absent. */
  readonly start?: OpenStart
  /** Gets what is asked, and what was answered. */
  readonly log?: SmtLog
  readonly onProgress?: (progress: Progress) => void
  readonly solver?: SolverOptions
  /** Where the process comes from, in place of `solver`, and goes back to. */
  readonly solvers?: SolverPool
}

export interface BoundedResult extends SearchResult {
  readonly engine: 'smt'
  /** How many times the solver was asked. */
  readonly queries: number
}

const header = (dialect: Dialect): string =>
  `(set-option :produce-models true)\n${dialect === 'z3' ? '(set-option :random-seed 1)\n' : ''}(set-logic ${logicOf(dialect)})\n`

/** Asked for beside the properties, under a number that none of them has. */
const RANGE_FAULT = -1

/** Mutable: the unrolling so far, and what the solver has been told of it. */
interface Session {
  readonly model: LoweredModel
  readonly options: BoundedOptions
  readonly deadline: number
  readonly solver: SolverProcess
  readonly terms: Terms
  readonly printer: Printer
  readonly order: Order
  readonly layers: Layer[]
  readonly start: Start
  state: readonly Value[]
  /** Text not sent yet. */
  unsent: string[]
  queries: number
  /** Paths of this length are known to exist. */
  readonly walked: number
}

const timeLeft = (session: Session): number => Math.max(1, session.deadline - Date.now())

function takeUnsent(session: Session): string {
  const text = session.unsent.join('')
  session.unsent = []
  return text
}

async function ask(session: Session, command: string): Promise<Answer> {
  const head = session.queries === 0 ? header(dialectOf(session.solver.choice)) : ''
  session.queries++
  const text = takeUnsent(session)
  logCommands(session.options.log, text)
  const answer = await check(session.solver, head + text + command, timeLeft(session))
  logQuery(session.options.log, answer.kind === 'sat' || answer.kind === 'unsat' ? answer.kind : 'unknown', command)
  return answer
}

const tell = (session: Session, lits: readonly Lit[]): void => {
  session.unsent.push(assertions(session.printer, lits))
}

/** Adds one more move to the path. */
function deepen(session: Session): void {
  const { terms, layers } = session
  const layer = unrollMove(terms, session.model, session.state, layers.length)
  const last = layers.at(-1)
  const lastButOne = layers.at(-2)
  // One move late: the order of the last move must stay free while its assertions are asked for.
  if (last !== undefined && lastButOne !== undefined) tell(session, ordered(session.order, terms, lastButOne, last))
  tell(session, layer.constraints)
  const wanted = layer.taken.flatMap(({ lit, choices }) => [lit, ...choices.flatMap(({ bits }) => bits)])
  session.unsent.push(definitions(session.printer, wanted))
  layers.push(layer)
  session.state = layer.next
}

/** For each property, the condition that it fails at the end of the path. */
function failures(session: Session): Map<number, Lit> {
  const { terms, model, state } = session
  const found = new Map<number, Lit>()
  const add = (property: number, lit: Lit): void => {
    found.set(property, or(terms, [found.get(property) ?? FALSE, lit]))
  }
  for (const { property, expr } of model.invariants) add(property, violated(terms, model, state, expr))
  for (const [property, lit] of session.layers.at(-1)?.fails ?? []) add(property, lit)
  add(RANGE_FAULT, session.layers.at(-1)?.fault ?? FALSE)
  const deadlock = model.properties.findIndex(({ kind }) => kind === 'deadlock')
  if (deadlock >= 0) add(deadlock, deadlocked(terms, model, state))
  return found
}

const pair = /\(([^\s()]+)\s+(true|false)\)/g

/** The literals that the solver's last model makes true, of those named. */
async function valuesOf(session: Session, lits: readonly Lit[]): Promise<Set<Lit> | Reply> {
  const names = new Map(lits.map((lit) => [nameOf(session.terms, lit), lit]))
  const command = `(get-value (${[...names.keys()].join(' ')}))\n`
  logCommands(session.options.log, command)
  const reply = await run(session.solver, command, timeLeft(session))
  if (reply.kind !== 'output') return reply
  const holding = new Set<Lit>()
  for (const [, name, value] of reply.text.matchAll(pair)) {
    const lit = names.get(name ?? '')
    if (lit !== undefined && value === 'true') holding.add(lit)
  }
  return holding
}

function movesOf(layers: readonly Layer[], holding: ReadonlySet<Lit>): Move[] {
  return layers.flatMap((layer) =>
    layer.taken
      .filter(({ lit }) => holding.has(lit))
      .map(({ step, choices }) => ({
        step: step.id,
        choices: choices.map(({ base, bits }) =>
          bits.reduce((sum, bit, i) => (holding.has(bit) ? sum + 2 ** i : sum), base),
        ),
      })),
  )
}

function failureOf(answer: Answer | Reply, options: BoundedOptions): Incomplete {
  switch (answer.kind) {
    case 'timeout':
      return { kind: 'time', limitMs: options.maxMs }
    case 'memory':
      return { kind: 'memory', limitBytes: answer.limitMb * 1024 ** 2 }
    case 'crash':
      return { kind: 'crash', reason: `the solver crashed: ${answer.reason}` }
    case 'unknown':
    case 'missing':
      return { kind: 'solver', reason: `${answer.kind}: ${answer.reason}` }
    case 'sat':
    case 'unsat':
    case 'output':
      return { kind: 'solver', reason: `unexpected answer ${answer.kind}` }
  }
}

type DepthOutcome =
  | { readonly kind: 'more' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'stopped'; readonly incomplete: Incomplete }

/** Every property that can fail at the end of the path goes from `open` to `violations`. */
async function searchDepth(session: Session, open: Set<number>, violations: Violation[]): Promise<DepthOutcome> {
  const { terms, layers, options } = session
  const depth = layers.length
  const all = failures(session)
  const candidates = new Map<number, Lit>()
  for (const property of open) {
    const lit = all.get(property) ?? FALSE
    if (lit === FALSE) continue
    // A name of its own: what is assumed must be a variable, and its value is asked for.
    const bad = variable(terms, `bad.${depth}.${property === RANGE_FAULT ? 'range' : property}`)
    tell(session, [iff(terms, bad, lit)])
    candidates.set(property, bad)
  }
  let pathExists = false
  for (let round = 0; candidates.size > 0; round++) {
    const any = variable(terms, `any.${depth}.${round}`)
    const moves = layers.flatMap(({ taken }) =>
      taken.flatMap(({ lit, choices }) => [lit, ...choices.flatMap((c) => c.bits)]),
    )
    const starts = [...session.start.bits.values()].flatMap(({ bits }) => bits)
    tell(session, [implies(terms, any, or(terms, candidates.values()))])
    const answer = await ask(session, `(check-sat-assuming (${nameOf(terms, any)}))\n`)
    if (answer.kind === 'unsat') break
    if (answer.kind !== 'sat') return { kind: 'stopped', incomplete: failureOf(answer, options) }
    pathExists = true
    const holding = await valuesOf(session, [...candidates.values(), ...moves, ...starts])
    if (!(holding instanceof Set)) return { kind: 'stopped', incomplete: failureOf(holding, options) }
    const found = [...candidates].filter(([, bad]) => holding.has(bad))
    if (found.length === 0)
      return { kind: 'stopped', incomplete: { kind: 'solver', reason: 'sat, but with no values' } }
    for (const [property] of found) {
      const moves = movesOf(layers, holding)
      if (property === RANGE_FAULT)
        throw new Error(`a slot leaves its range after steps ${moves.map((m) => m.step).join()}`)
      const start = options.start && { start: startValues(session.model, session.start, holding) }
      violations.push({ property, moves, ...start })
      candidates.delete(property)
      open.delete(property)
    }
  }
  tell(session, [...candidates.values()].map(not))
  if (pathExists || depth <= session.walked) return { kind: 'more' }
  const answer = await ask(session, '(check-sat)\n')
  if (answer.kind === 'unsat') return { kind: 'complete' }
  return answer.kind === 'sat' ? { kind: 'more' } : { kind: 'stopped', incomplete: failureOf(answer, options) }
}

function result(
  session: Session,
  violations: readonly Violation[],
  incomplete: Incomplete | undefined,
  depth: number,
): BoundedResult {
  return {
    engine: 'smt',
    ...(incomplete === undefined ? {} : { incomplete }),
    violations: violations.toSorted((a, b) => a.property - b.property),
    states: 0,
    transitions: 0,
    depth,
    reachedSteps: [],
    reachedCovers: [],
    outcomes: [],
    bytes: 0,
    queries: session.queries,
  }
}

async function search(session: Session): Promise<BoundedResult> {
  const { model, options } = session
  const open = new Set([RANGE_FAULT, ...model.properties.keys()])
  const violations: Violation[] = []
  tell(session, session.start.constraints)
  session.unsent.push(
    definitions(
      session.printer,
      [...session.start.bits.values()].flatMap(({ bits }) => bits),
    ),
  )
  for (let depth = 0; ; depth++) {
    if (depth > 0) deepen(session)
    const incomplete: Incomplete | undefined =
      Date.now() >= session.deadline ? { kind: 'time', limitMs: options.maxMs } : undefined
    if (incomplete !== undefined) return result(session, violations, incomplete, Math.max(0, depth - 1))
    // One move past the bound only to see whether there is any: if not, the bound bounds nothing.
    const past = depth > options.maxDepth
    const outcome = await searchDepth(session, past ? new Set() : open, violations)
    if (outcome.kind === 'complete') return result(session, violations, undefined, Math.max(0, depth - 1))
    if (outcome.kind === 'stopped') return result(session, violations, outcome.incomplete, Math.max(0, depth - 1))
    if (past) return result(session, violations, { kind: 'depth', limit: options.maxDepth }, options.maxDepth)
    options.onProgress?.({ depth, states: 0, frontier: 0, bytes: 0 })
    if (options.stopWhenAllFound === true && violations.length === model.properties.length)
      return result(session, violations, { kind: 'depth', limit: depth }, depth)
  }
}

/**
 * Searches all paths of at most `maxDepth` moves from the model's initial state. Every way in which
 * the solver can fail ends in `incomplete`; `incomplete` is absent only where no path is longer than
 * those searched. Violations are shortest. Two runs of one model that both end for another reason
 * than time give the same result.
 */
export async function boundedCheck(model: LoweredModel, options: BoundedOptions): Promise<BoundedResult> {
  const solvers = options.solvers ?? newPool(options.solver)
  const terms = newTerms()
  const start = startState(terms, model, options.start)
  const session: Session = {
    model,
    options,
    deadline: Date.now() + options.maxMs,
    solver: takeSolver(solvers),
    terms,
    printer: newPrinter(terms),
    order: newOrder(model),
    layers: [],
    start,
    state: start.state,
    unsent: [],
    queries: 0,
    walked: pathLength(model, options.maxDepth + 1),
  }
  try {
    return await search(session)
  } finally {
    giveSolver(solvers, session.solver)
    if (options.solvers === undefined) closePool(solvers)
  }
}
