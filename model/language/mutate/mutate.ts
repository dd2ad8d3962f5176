/**
 * Mutations: a program with one lock, wait, check, order or atomic update taken away. They work on the
 * routines as data; what cannot be lowered afterwards is for the lowering to refuse. A mutation is of a
 * routine's text: where the routine is called several times, all calls have it.
 */
import type { LockClass } from '../lock.ts'
import type { Program, Routine } from '../routine.ts'
import type { Stmt } from '../stmt.ts'
import { checkSites } from './checks.ts'
import { hoistSites } from './hoist.ts'
import { lockSites } from './locks.ts'
import { isMutation, labelName, mutationName, mutationWord, routineName } from './name.ts'
import { orderSites, swapped } from './order.ts'
import { everyStmt, withBlocks } from './rewrite.ts'
import { numbered, type MutationKind, type Site } from './site.ts'
import { earlierSites, holdSites, lockClasses, repeatSites, underLock } from './strengthen.ts'
import { tearSites } from './tear.ts'

export type { MutationKind } from './site.ts'

export interface Mutation {
  /** `retract_page_tables.ptl_lock: drop lock`, unique in a program. */
  readonly name: string
  readonly routine: string
  readonly file: string
  readonly kind: MutationKind
  /** The name without the routine. */
  readonly what: string
  /** C text of what is taken away. */
  readonly text: string
}

/** Every routine that the threads call, callers before callees; two of one name and text are one. */
function routinesOf(program: Program): readonly Routine[] {
  const seen = new Map<string, Routine>()
  const visit = (body: readonly Stmt[]): void => {
    for (const s of everyStmt(body)) {
      if (s.kind !== 'call') continue
      const key = JSON.stringify([s.routine.name, s.routine.body])
      if (seen.has(key)) continue
      seen.set(key, s.routine)
      visit(s.routine.body)
    }
  }
  for (const t of program.threads) visit(t.body)
  return [...seen.values()]
}

const fixedSites = (routine: Routine): readonly Site[] =>
  numbered([...lockSites(routine), ...checkSites(routine), ...tearSites(routine)])

/**
 * Everything that can be taken away from the routines of a program, in the order of the program. `runs`
 * tells the labels (`routine.label`, of steps and calls) that a scenario reaches: only these count, and
 * two steps are neighbours where nothing between them runs.
 */
export function mutationsOf(program: Program, runs: (label: string) => boolean): readonly Mutation[] {
  const found = new Map<string, Mutation>()
  for (const routine of routinesOf(program)) {
    const reached = (label: string): boolean => runs(labelName(routine.name, label))
    const fixed = fixedSites(routine).filter((s) => s.labels.some(reached))
    for (const s of [...fixed, ...orderSites(routine, reached)]) {
      const name = `${labelName(routine.name, s.label)}: ${s.what}`
      if (found.has(name)) continue
      found.set(name, {
        name,
        routine: routineName(routine.name),
        file: routine.file,
        kind: s.kind,
        what: `${s.label}: ${s.what}`,
        text: s.text,
      })
    }
  }
  return [...found.values()]
}

/** Everything that can be strengthened in a routine. */
const strengthened = (routine: Routine): readonly Site[] =>
  numbered([...holdSites(routine), ...earlierSites(routine), ...repeatSites(routine), ...hoistSites(routine)])

/** Locks held longer or taken earlier, checks made once more, and writes done earlier, in the routines that a scenario reaches. */
export function strengtheningsOf(program: Program, runs: (label: string) => boolean): readonly Mutation[] {
  return routinesOf(program).flatMap((routine) =>
    strengthened(routine)
      .filter((s) => s.labels.every((l) => runs(labelName(routine.name, l))))
      .map((s) => ({
        name: `${labelName(routine.name, s.label)}: ${s.what}`,
        routine: routineName(routine.name),
        file: routine.file,
        kind: s.kind,
        what: `${s.label}: ${s.what}`,
        text: s.text,
      })),
  )
}

/** The name of the mutation that holds a lock (of a class, by the number of its object, from 0) around a step or call. */
export const underName = (routine: string, label: string, lock: string, object: number): string =>
  `${labelName(routine, label)}: under ${lock} of ${object}`

const SWAP = /^(.*): swap with (.*)$/
const UNDER = /^(.*): under (.*) of (\d+)$/

/** The routine with the mutation of that name; undefined where it has no such place. */
function mutated(routine: Routine, what: string, classes: ReadonlyMap<string, LockClass>): Routine | undefined {
  const [, first, second] = SWAP.exec(what) ?? []
  if (first !== undefined && second !== undefined) return swapped(routine, first, second)
  const [, label, name, object] = UNDER.exec(what) ?? []
  const lock = name === undefined ? undefined : classes.get(name)
  if (label !== undefined && lock !== undefined) return underLock(routine, label, lock, Number(object))
  return [...fixedSites(routine), ...strengthened(routine)].find((s) => `${s.label}: ${s.what}` === what)?.apply()
}

/** Applies the mutations named in `words` (see mutationWord). The second value is those that nothing has a place for. */
export function mutate(program: Program, words: readonly string[]): readonly [Program, readonly string[]] {
  const unknown: string[] = []
  let now = program
  const asked = words.filter(isMutation)
  const classes = new Map<string, LockClass>()
  if (asked.length > 0) for (const t of program.threads) lockClasses(t.body, classes)
  for (const word of asked) {
    const name = mutationName(mutationWord(word))
    let hit = false
    const done = new Map<Routine, Routine>()
    const inRoutine = (r: Routine): Routine => {
      const before = done.get(r)
      if (before !== undefined) return before
      const prefix = `${routineName(r.name)}.`
      const here = name.startsWith(prefix) ? mutated(r, name.slice(prefix.length), classes) : undefined
      hit ||= here !== undefined
      const after = { ...(here ?? r), body: inBody((here ?? r).body) }
      done.set(r, after)
      return after
    }
    const inBody = (body: readonly Stmt[]): readonly Stmt[] =>
      body.map((s) => (s.kind === 'call' ? { ...s, routine: inRoutine(s.routine) } : withBlocks(s, inBody)))
    const threads = now.threads.map((t) => ({ ...t, body: inBody(t.body) }))
    if (hit) now = { ...now, threads }
    else unknown.push(word)
  }
  return [now, unknown]
}
