/**
 * The other direction: a lock held longer, taken earlier or taken in addition, and a check made once
 * more. `explain` tries these on a broken scenario, to find what would have kept it whole.
 */
import { literal, render, truth, type Expr, type Local } from '../expr.ts'
import type { LockClass, LockRef } from '../lock.ts'
import type { Routine } from '../routine.ts'
import type { Action, StepStmt, Stmt } from '../stmt.ts'
import { refTo } from '../types.ts'
import { unchecked } from './checks.ts'
import { moveBefore } from './hoist.ts'
import { blocksOf, everyAction, everyStmt, mapBody, replaceLabelled, stepWith, type Of } from './rewrite.ts'
import type { Site } from './site.ts'
import { localsIn, meet, touchedBy } from './touch.ts'

const refText = (r: LockRef): string => `${r.lock.name} ${r.index.map(render).join(' ')}`

const lockActions = (s: StepStmt, kind: 'acquire' | 'release'): readonly LockRef[] =>
  s.actions.flatMap((a) => (a.kind === kind ? [a.lock] : []))

const steps = (body: readonly Stmt[]): readonly StepStmt[] => everyStmt(body).filter((s) => s.kind === 'step')

/** Locks that a routine lets go and takes again: held throughout instead. */
export function holdSites(routine: Routine): readonly Site[] {
  const all = steps(routine.body)
  return all.flatMap((from, i) =>
    lockActions(from, 'release').flatMap((ref): readonly Site[] => {
      const to = all.slice(i + 1).find((s) => lockActions(s, 'acquire').some((r) => refText(r) === refText(ref)))
      if (to === undefined) return []
      const without = (kind: Action['kind']) => (a: Action) =>
        a.kind !== kind || !('lock' in a) || refText(a.lock) !== refText(ref)
      return [
        {
          label: from.label,
          kind: 'lock',
          what: `hold until ${to.label}`,
          text: ref.lock.name,
          labels: [from.label, to.label],
          apply: () => ({
            ...routine,
            body: mapBody(routine.body, (s) => {
              if (s === from) return stepWith(from, from.actions.filter(without('release')))
              return s === to ? stepWith(to, to.actions.filter(without('acquire'))) : [s]
            }),
          }),
        },
      ]
    }),
  )
}

/** Locks that a routine takes: taken before an earlier statement of the same block instead. */
export function earlierSites(routine: Routine): readonly Site[] {
  const inBlock = (block: readonly Stmt[]): readonly Site[] =>
    block.flatMap((s, i): readonly Site[] => {
      const inner = blocksOf(s).flatMap(inBlock)
      if (s.kind !== 'step' || lockActions(s, 'acquire').length === 0) return inner
      const needs = touchedBy([s]).localsRead
      const sites: Site[] = []
      for (let at = i - 1; at >= 0; at--) {
        const before = block[at]
        if (before === undefined || meet(touchedBy([before]).localsWritten, needs)) break
        if (before.kind !== 'step' && before.kind !== 'call') continue
        sites.push({
          label: s.label,
          kind: 'lock',
          what: `take before ${before.label}`,
          text: lockActions(s, 'acquire')
            .map((r) => r.lock.name)
            .join(', '),
          labels: [s.label],
          apply: () => ({ ...routine, body: moveBefore(routine.body, s, before) }),
        })
      }
      return [...inner, ...sites]
    })
  return inBlock(routine.body)
}

interface Look {
  readonly label: string
  readonly text: string
  /** The statements that find out and decide. */
  readonly unit: readonly Stmt[]
}

/** What a routine looks at before it goes on: the loads and the `if` that leaves, or the loop around them. */
function looks(body: readonly Stmt[], endless: boolean): readonly Look[] {
  return body.flatMap((s, i): readonly Look[] => {
    const inner = blocksOf(s).flatMap((block) => {
      const found = looks(block, s.kind === 'while' && s.cond.kind === 'const' && s.cond.value !== 0)
      // Each turn of a counted loop looks at another object, so the loop is made again as a whole.
      return s.kind === 'for' ? found.map((look) => ({ ...look, unit: [s] })) : found
    })
    if (s.kind !== 'if' || unchecked(s, body.slice(i + 1), endless) !== 'else') return inner
    const wanted = localsIn(s.cond)
    const loads: StepStmt[] = []
    for (let at = i - 1; at >= 0; at--) {
      const before = body[at]
      if (before?.kind !== 'step' || !meet(touchedBy([before]).localsWritten, wanted)) break
      loads.unshift(before)
    }
    const first = loads[0]
    if (first === undefined) return inner
    return [...inner, { label: s.check ?? first.label, text: `if (${render(s.cond)})`, unit: [...loads, s] }]
  })
}

const NEVER: Expr = truth(false)

/** A unit that only looks: it writes no shared variable, and where it would leave it stops for good. */
function lookAgain(unit: readonly Stmt[], rename: (l: Local) => Local): readonly Stmt[] {
  return unit.flatMap((s): readonly Stmt[] => {
    switch (s.kind) {
      case 'step': {
        const { await: _, choose: _choose, ...rest } = s
        const actions = s.actions.flatMap((a): readonly Action[] =>
          a.kind === 'assign' && a.target.kind === 'local'
            ? [{ ...a, target: rename(a.target), value: renamed(a.value, rename) }]
            : [],
        )
        return actions.length === 0 ? [] : [{ ...rest, label: `again_${s.label}`, text: `${s.text} [again]`, actions }]
      }
      case 'if': {
        const stop: StepStmt = {
          kind: 'step',
          label: 'again_stop',
          text: 'would not go on',
          actions: [],
          await: NEVER,
        }
        return [{ kind: 'if', cond: renamed(s.cond, rename), then: [stop], else: [] }]
      }
      case 'for':
        return [
          {
            ...s,
            local: rename(s.local),
            first: renamed(s.first, rename),
            last: renamed(s.last, rename),
            body: lookAgain(s.body, rename),
          },
        ]
      case 'let':
        return [{ ...s, local: rename(s.local), value: renamed(s.value, rename) }]
      case 'while':
      case 'call':
      case 'return':
      case 'break':
      case 'continue':
        return []
    }
  })
}

/** An expression with its locals renamed. */
function renamed(e: Expr, rename: (l: Local) => Local): Expr {
  const go = (x: Expr): Expr => renamed(x, rename)
  switch (e.kind) {
    case 'local':
      return rename(e)
    case 'const':
    case 'self':
    case 'bound':
      return e
    case 'field':
      return { ...e, index: e.index.map(go) }
    case 'not':
    case 'singleton':
    case 'old':
      return { ...e, arg: go(e.arg) }
    case 'binary':
      return { ...e, left: go(e.left), right: go(e.right) }
    case 'ite':
      return { ...e, cond: go(e.cond), then: go(e.then), else: go(e.else) }
    case 'quantifier':
    case 'first':
      return { ...e, body: go(e.body) }
  }
}

/** Checks made once more under each lock that is taken later. What the check would do then is left open: it stops. */
export function repeatSites(routine: Routine): readonly Site[] {
  const all = steps(routine.body)
  const at = new Map<Stmt, number>(everyStmt(routine.body).map((s, i) => [s, i]))
  return looks(routine.body, false).flatMap((look) => {
    const last = look.unit.at(-1)
    const after = last === undefined ? 0 : (at.get(last) ?? 0)
    return all
      .filter((s) => lockActions(s, 'acquire').length > 0 && (at.get(s) ?? 0) > after)
      .map((lock): Site => ({
        label: look.label,
        kind: 'check',
        what: `repeat after ${lock.label}`,
        text: look.text,
        labels: [lock.label],
        apply: () => repeated(routine, look, lock),
      }))
  })
}

function repeated(routine: Routine, look: Look, lock: StepStmt): Routine {
  const own = touchedBy(look.unit).localsWritten
  const rename = (l: Local): Local => (own.has(l.name) ? { ...l, name: `again_${l.name}` } : l)
  const locals = routine.locals.filter((l) => own.has(l.name)).map(rename)
  const copy = lookAgain(look.unit, rename)
  return {
    ...routine,
    locals: [...routine.locals, ...locals],
    body: replaceLabelled(routine.body, lock.label, (s) => (s === lock ? [s, ...copy] : [s])),
  }
}

/** Every class of locks that a body takes, by name. */
export function lockClasses(
  body: readonly Stmt[],
  into: Map<string, LockClass> = new Map<string, LockClass>(),
): Map<string, LockClass> {
  for (const s of everyStmt(body)) {
    if (s.kind === 'call') lockClasses(s.routine.body, into)
    if (s.kind === 'step')
      for (const a of everyAction(s.actions)) if ('lock' in a) into.set(a.lock.lock.name, a.lock.lock)
  }
  return into
}

/** The step or call of that label with one lock held around it, exclusively; `object` counts from 0. */
export function underLock(routine: Routine, label: string, lock: LockClass, object: number): Routine | undefined {
  const [set] = lock.owner.decl.sets
  const target = everyStmt(routine.body).find((s) => (s.kind === 'step' || s.kind === 'call') && s.label === label)
  if (target === undefined || set === undefined) return undefined
  const ref: LockRef = { lock, index: [literal(refTo(set), object + 1)] }
  const around = (s: StepStmt | Of<'call'>): readonly Stmt[] => [
    {
      kind: 'step',
      label: `${label}_lock`,
      text: `lock(${lock.name})`,
      actions: [{ kind: 'acquire', lock: ref, mode: 'write' }],
    },
    s,
    {
      kind: 'step',
      label: `${label}_unlock`,
      text: `unlock(${lock.name})`,
      actions: [{ kind: 'release', lock: ref, mode: 'write' }],
    },
  ]
  return { ...routine, body: replaceLabelled(routine.body, label, around) }
}
