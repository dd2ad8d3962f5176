/**
 * The truth that the lowering is tested against: runs a program as it is written, every interleaving
 * of it, breadth first. It shares no code with model/language/lower, and nothing here is clever.
 */
import type { Expr } from '../../model/language/expr.ts'
import type { Program } from '../../model/language/routine.ts'
import type { StepStmt } from '../../model/language/stmt.ts'
import { range } from '../../model/language/types.ts'
import { evaluate, sizeOf, type Env, type Shared } from './structured_expr.ts'
import { runStep } from './structured_step.ts'
import {
  advance,
  copyThread,
  envOf,
  keyOf,
  labelOf,
  startThread,
  writeLocal,
  type Thread,
} from './structured_thread.ts'

/** What can be seen of a run whatever becomes of locals. */
export interface Observations {
  /** Variables in the order of declaration, then for each thread the label it stands at, or `done`. */
  readonly states: ReadonlySet<string>
  /** `state -thread.label-> state`. */
  readonly moves: ReadonlySet<string>
  /** Length of a shortest run to a violation, by property. */
  readonly violations: ReadonlyMap<string, number>
  readonly covers: ReadonlyMap<string, boolean>
  /** Registers of each final state, with whether some, and whether all, such states meet `final`. */
  readonly outcomes: ReadonlySet<string>
}
export interface StructuredResult extends Observations {
  readonly complete: boolean
  /** How many states there are, dead locals included. */
  readonly size: number
  /** Whether some thread had to wait in some state. */
  readonly waited: boolean
}

interface State {
  readonly shared: Shared
  readonly threads: readonly { readonly thread: Thread; readonly step: StepStmt | undefined }[]
  readonly depth: number
}

function initialShared(program: Program): Shared {
  const shared = new Map<string, readonly number[]>()
  for (const f of program.fields) {
    const { lo, hi } = range(f.type, program.sizes)
    const count = f.sets.reduce((n, s) => n * sizeOf(program, s), 1)
    shared.set(f.name, new Array<number>(count).fill(Math.min(Math.max(f.initial, lo), hi)))
  }
  for (const { target, value } of program.init) {
    const at = target.index.reduce((n, index, d) => {
      if (index.kind !== 'const') throw new Error('an initial value needs a constant index')
      return n * sizeOf(program, target.field.sets[d] ?? '') + index.value - 1
    }, 0)
    shared.set(target.field.name, (shared.get(target.field.name) ?? []).with(at, value))
  }
  return shared
}

const stateEnv = (program: Program, shared: Shared, before?: Shared): Env => ({
  program,
  shared,
  bound: new Map(),
  local: (name) => {
    throw new Error(`a property names the local ${name}`)
  },
  // A property may look at what it likes.
  onFault: () => undefined,
  ...(before === undefined ? {} : { before }),
})

/** Whether an expression over the variables holds in the initial state. */
export const holdsAtFirst = (program: Program, e: Expr): boolean =>
  evaluate(stateEnv(program, initialShared(program)), e) !== 0

/** Every way to give the locals of `choose` values of their types. */
function choices(program: Program, step: StepStmt): readonly (readonly (readonly [string, number])[])[] {
  let ways: (readonly (readonly [string, number])[])[] = [[]]
  for (const l of step.choose ?? []) {
    const { lo, hi } = range(l.type, program.sizes)
    const values = Array.from({ length: hi - lo + 1 }, (_, i) => lo + i)
    ways = ways.flatMap((way) => values.map((v) => [...way, [l.name, v] as const]))
  }
  return ways
}

const showShared = (program: Program, shared: Shared): string =>
  program.fields.flatMap((f) => (f.role === 'geometry' ? [] : [(shared.get(f.name) ?? []).join()])).join()

const show = (program: Program, s: State): string =>
  `${showShared(program, s.shared)} ${s.threads.map(({ thread, step }) => labelOf(thread, step)).join(' ')}`

interface Next {
  readonly thread: number
  readonly label: string
  readonly state: State
  readonly failed: ReadonlySet<string>
}

function successors(program: Program, s: State): readonly Next[] {
  return s.threads.flatMap(({ thread, step }, t) => {
    if (step === undefined) return []
    return choices(program, step).flatMap((way): readonly Next[] => {
      const moved = copyThread(thread)
      for (const [name, value] of way) writeLocal(moved, name, value)
      const env = envOf(program, moved, s.shared, () => undefined)
      const done = runStep(env, moved, step)
      if (done === undefined) return []
      const failed = new Set(done.failed)
      for (const p of program.properties)
        if (p.step !== undefined && evaluate(stateEnv(program, done.shared, s.shared), p.step) === 0) failed.add(p.name)
      const label = labelOf(thread, step)
      const block = moved.calls.at(-1)?.blocks.at(-1)
      if (block !== undefined) block.at++
      const next = { thread: moved, step: advance(program, moved, done.shared) }
      return [
        {
          thread: t,
          label,
          failed,
          state: { shared: done.shared, threads: s.threads.with(t, next), depth: s.depth + 1 },
        },
      ]
    })
  })
}

/** All that can be seen of a program. Gives up, incomplete, past `maxStates`. */
export function explore(program: Program, maxStates: number): StructuredResult {
  const first = initialShared(program)
  const seen = new Set<string>()
  const queue: State[] = []
  const shown = new Set<string>()
  const moves = new Set<string>()
  const violations = new Map<string, number>()
  const covers = new Map(program.properties.flatMap((p) => p.covers.map((c) => [`${p.name}: ${c.name}`, false])))
  const outcomes = new Map<string, { some: boolean; all: boolean }>()
  let waited = false

  const violate = (property: string, length: number): void => {
    violations.set(property, Math.min(length, violations.get(property) ?? length))
  }
  const holds = (s: State, e: Expr): boolean => evaluate(stateEnv(program, s.shared), e) !== 0
  const isFinal = (s: State): boolean =>
    s.threads.every(({ step }, t) => step === undefined || program.threads[t]?.daemon === true)

  const visit = (s: State): void => {
    const key = `${showShared(program, s.shared)} ${s.threads.map(({ thread }) => keyOf(thread)).join(' ')}`
    if (seen.has(key)) return
    seen.add(key)
    queue.push(s)
    shown.add(show(program, s))
    for (const p of program.properties) {
      if (p.invariant !== undefined && !holds(s, p.invariant)) violate(p.name, s.depth)
      for (const c of p.covers) if (holds(s, c.expr)) covers.set(`${p.name}: ${c.name}`, true)
    }
    if (!isFinal(s)) return
    const registers = program.fields.flatMap((f) => (f.role === 'register' ? (s.shared.get(f.name) ?? []) : [])).join()
    const met = program.final !== undefined && holds(s, program.final)
    const before = outcomes.get(registers)
    outcomes.set(registers, { some: met || before?.some === true, all: met && before?.all !== false })
  }

  const threads = program.threads.map((_, t) => {
    const thread = startThread(program, t)
    return { thread, step: advance(program, thread, first) }
  })
  visit({ shared: first, threads, depth: 0 })
  for (const s of queue) {
    if (queue.length > maxStates) break
    const next = successors(program, s)
    const ran = new Set(next.map((n) => n.thread))
    if (s.threads.some(({ step }, t) => step !== undefined && !ran.has(t))) waited = true
    if (next.length === 0 && !isFinal(s))
      for (const p of program.properties) if (p.deadlock === true) violate(p.name, s.depth)
    for (const n of next) {
      for (const property of n.failed) violate(property, n.state.depth)
      moves.add(`${show(program, s)} -${program.threads[n.thread]?.name ?? '?'}:${n.label}-> ${show(program, n.state)}`)
      visit(n.state)
    }
  }
  return {
    states: shown,
    moves,
    violations,
    covers,
    outcomes: new Set([...outcomes].map(([r, { some, all }]) => `${r} some=${some} all=${all}`)),
    complete: queue.length <= maxStates,
    size: queue.length,
    waited,
  }
}
