/** What random programs are made of and come to, so that a test can say that they are not all dull. */
import type { Action } from '../../model/language/stmt.ts'
import type { Program } from '../../model/language/routine.ts'
import type { Stmt } from '../../model/language/stmt.ts'
import type { StructuredResult } from './structured.ts'

/** How many programs have what the name says. */
export type Tally = Map<string, number>
export const newTally = (): Tally => new Map()

function featuresOfAction(a: Action): readonly string[] {
  switch (a.kind) {
    case 'when':
      return [a.kind, ...[...a.then, ...a.else].flatMap(featuresOfAction)]
    case 'forEach':
      return [a.kind, ...a.body.flatMap(featuresOfAction)]
    case 'assign':
    case 'acquire':
    case 'tryAcquire':
    case 'release':
    case 'member':
    case 'note':
    case 'assert':
      return [a.kind]
  }
}

function featuresOf(s: Stmt): readonly string[] {
  switch (s.kind) {
    case 'step':
      return [
        ...s.actions.flatMap(featuresOfAction),
        ...(s.await === undefined ? [] : ['await']),
        ...(s.choose === undefined ? [] : ['choose']),
      ]
    case 'if':
      return [s.check === undefined ? 'if' : 'check', ...[...s.then, ...s.else].flatMap(featuresOf)]
    case 'while':
    case 'for':
      return [s.kind, ...s.body.flatMap(featuresOf)]
    case 'call':
      return [
        s.kind,
        ...(s.into === undefined ? [] : ['result']),
        ...(s.args.some((a) => a.kind === 'local') ? ['by reference'] : []),
        ...s.routine.body.flatMap(featuresOf),
      ]
    case 'let':
    case 'return':
    case 'break':
    case 'continue':
      return [s.kind]
  }
}

/** Counts a program once under each thing that it has or does. */
export function tallyProgram(tally: Tally, program: Program, seen: StructuredResult): void {
  const facts = [
    'programs',
    ...program.threads.flatMap((t) => [...t.body.flatMap(featuresOf), ...(t.daemon ? ['daemon'] : [])]),
    ...[...seen.violations.keys()].map((p) => `violates ${p}`),
    ...(seen.violations.size === 0 ? ['violates nothing'] : []),
    ...(seen.waited ? ['waits'] : []),
    ...([...seen.covers.values()].includes(false) ? ['misses a cover'] : []),
    ...([...seen.covers.values()].includes(true) ? ['reaches a cover'] : []),
    ...(seen.outcomes.size > 1 ? ['has several outcomes'] : []),
    ...(program.lifetimes.length > 0 ? ['lifetime'] : []),
    ...(program.without.size > 0 ? ['without'] : []),
    ...(seen.states.size > 50 ? ['more than 50 states'] : []),
  ]
  for (const fact of new Set(facts)) tally.set(fact, (tally.get(fact) ?? 0) + 1)
}
