/** Random atomic steps. */
import { bound, implies, or, type Expr, type Field, type Local } from '../../model/language/expr.ts'
import type { LockAccess, LockMode, LockRef } from '../../model/language/lock.ts'
import {
  acquire,
  assert,
  forEach,
  join,
  leave,
  noteDropped,
  noteHeld,
  release,
  set,
  step,
  tryAcquire,
  when,
  type Action,
  type StepStmt,
} from '../../model/language/stmt.ts'
import { bool, nilable, range, refTo } from '../../model/language/types.ts'
import { randomElement, randomExpr, type Names } from './random_expr.ts'
import { stateNames, type World } from './random_world.ts'
import type { Tape } from './tape.ts'

/** What statements of one routine or thread may mention and change. */
export interface Scope {
  readonly world: World
  readonly locals: readonly Local[]
  /** Those that may be written here: no counter of an enclosing loop, no parameter but by reference. */
  readonly writable: readonly Local[]
  /** A new label, unique in its routine. */
  readonly label: () => string
}

/** What a step may look at. */
const stepNames = (s: Scope): Names => ({ ...stateNames(s.world), locals: s.locals, self: true })
/** What control flow may look at. */
export const quietNames = (s: Scope): Names => ({
  ...stateNames(s.world),
  fields: s.world.geometry,
  locals: s.locals,
  self: true,
})

export interface Held {
  readonly ref: LockRef
  readonly mode: LockMode
}

const modeOf = (tape: Tape, access: LockAccess): LockMode =>
  access.lock.readers === undefined ? 'write' : tape.pick('write', 'read')

/** A lock of the world, named by what does not change while it is held, unless `names` says otherwise. */
export function randomLock(tape: Tape, scope: Scope, names: Names): Held | undefined {
  const access = tape.oneOf(scope.world.locks)
  if (access === undefined) return undefined
  const index = access.lock.owner.decl.sets.map((s) =>
    randomExpr(tape, names, tape.rarely(8) ? nilable(s) : refTo(s), 0),
  )
  return { ref: access(...index), mode: modeOf(tape, access) }
}

const isState = (f: Field): boolean => f.role !== 'lock' && f.role !== 'geometry'

function randomAction(tape: Tape, scope: Scope, names: Names, depth: number): readonly Action[] {
  const expr = (type: Field['type'], d = 2): Expr => randomExpr(tape, names, type, d)
  const actions = (): readonly Action[] => randomActions(tape, scope, names, depth - 1, 2)
  const assignField = (): readonly Action[] => {
    const f = tape.oneOf(names.fields.filter(isState))
    return f === undefined ? [] : [set(randomElement(tape, names, f, 1, false), expr(f.type))]
  }
  switch (tape.below(depth > 0 ? 16 : 12)) {
    case 5:
    case 6: {
      const l = tape.oneOf(scope.writable)
      return l === undefined ? assignField() : [set(l, expr(l.type))]
    }
    case 7:
      return [assert(tape.pick('Asserted', 'Loose'), implies(expr(bool), expr(bool)))]
    case 8: {
      const f = tape.oneOf(
        names.fields.filter((x) => isState(x) && x.type.kind === 'subset' && x.type.set === 'thread'),
      )
      return f === undefined ? assignField() : [tape.pick(join, leave)(randomElement(tape, names, f, 1, false))]
    }
    case 9: {
      const held = randomLock(tape, scope, names)
      const into = tape.oneOf(scope.writable.filter((l) => l.type.kind === 'bool'))
      return held === undefined || into === undefined ? assignField() : [tryAcquire(held.ref, into, held.mode)]
    }
    case 10: {
      const held = randomLock(tape, scope, names)
      return held === undefined || !tape.rarely(2) ? assignField() : [release(held.ref, held.mode)]
    }
    case 11: {
      const held = randomLock(tape, scope, names)
      return held === undefined ? [] : [tape.pick(noteHeld, noteDropped)(held.ref, held.mode), ...assignField()]
    }
    case 12:
    case 13:
      return [when(expr(bool), actions(), tape.below(2) === 0 ? [] : actions())]
    case 14:
    case 15: {
      const over = tape.pick(...scope.world.sets)
      const name = `e${names.bounds.length}`
      const inner: Names = { ...names, bounds: [...names.bounds, bound(name, over)] }
      return [forEach(over, name, randomActions(tape, scope, inner, depth - 1, 1))]
    }
    default:
      return assignField()
  }
}

const randomActions = (tape: Tape, scope: Scope, names: Names, depth: number, most: number): readonly Action[] =>
  Array.from({ length: 1 + tape.below(most) }, () => randomAction(tape, scope, names, depth)).flat()

/** A step that waits now and then, chooses now and then, and nearly always does something. */
export function randomStep(tape: Tape, scope: Scope): StepStmt {
  const names = stepNames(scope)
  const label = scope.label()
  const actions = randomActions(tape, scope, names, 2, 3)
  const width = (l: Local): number => range(l.type, scope.world.sizes).hi - range(l.type, scope.world.sizes).lo
  const chosen = tape.rarely(5) ? tape.oneOf(scope.writable.filter((l) => width(l) <= 3)) : undefined
  const wait = tape.rarely(6) ? or(randomExpr(tape, names, bool, 2), randomExpr(tape, names, bool, 2)) : undefined
  return step(label, `${label}();`, actions, {
    ...(chosen === undefined ? {} : { choose: [chosen] }),
    ...(wait === undefined ? {} : { await: wait }),
  })
}

/** Takes a lock, and does something more now and then. */
export function lockStep(tape: Tape, scope: Scope, held: Held): StepStmt {
  const label = scope.label()
  const more = tape.rarely(3) ? randomAction(tape, scope, stepNames(scope), 0) : []
  return step(label, `${label}();`, [acquire(held.ref, held.mode), ...more])
}

export const unlockStep = (scope: Scope, held: Held): StepStmt => {
  const label = scope.label()
  return step(label, `${label}();`, [release(held.ref, held.mode)])
}
