/** Random declarations: sets of objects, variables of every type, locks, lifetimes and initial values. */
import { eq, field, object, type Expr, type Field, type FieldAccess } from '../../model/language/expr.ts'
import { lockClass, lockFields, type LockAccess } from '../../model/language/lock.ts'
import type { Lifetime, Program } from '../../model/language/routine.ts'
import {
  bool,
  enumeration,
  flagWord,
  int,
  nilable,
  range,
  refTo,
  subsetOf,
  type SetSizes,
  type Type,
} from '../../model/language/types.ts'
import type { Names } from './random_expr.ts'
import type { Tape } from './tape.ts'

export interface World {
  readonly sizes: SetSizes
  readonly sets: readonly [string, ...string[]]
  readonly types: readonly Type[]
  /** Declared with the rest, locks included. */
  readonly fields: readonly Field[]
  readonly geometry: readonly Field[]
  readonly locks: readonly LockAccess[]
  readonly lifetimes: readonly Lifetime[]
  readonly init: Program['init']
}

const COLOUR = enumeration('colour', ['RED', 'GREEN', 'BLUE'])
export const WORD: Names['flags'] = flagWord('word', ['LOW', 'HIGH'])

const start = (tape: Tape, type: Type, sizes: SetSizes): number => {
  const { lo, hi } = range(type, sizes)
  return lo + tape.below(hi - lo + 1)
}

function lifetime(tape: Tape): { readonly access: FieldAccess; readonly lifetime: Lifetime } | undefined {
  if (!tape.rarely(4)) return undefined
  const access = field('a.alive', ['a'], bool, { initial: true })
  const live = (o: Expr): Expr => eq(access(o), true)
  return { access, lifetime: { set: 'a', property: 'NoUseAfterFree', live, exempt: [access.decl] } }
}

/** Some elements start at another value than their field's. */
function initialValues(tape: Tape, fields: readonly Field[], sizes: SetSizes): Program['init'] {
  return fields.flatMap((f) => {
    if (!tape.rarely(3) || f.role === 'lock') return []
    const index = f.sets.map((set) => object(set, tape.below(sizes[set] ?? 1)))
    return [{ target: { kind: 'field' as const, type: f.type, field: f, index }, value: start(tape, f.type, sizes) }]
  })
}

export function randomWorld(tape: Tape, threads: number): World {
  const two = tape.below(2) === 1
  const sizes: SetSizes = { thread: threads, a: 1 + tape.below(3), ...(two ? { b: 1 + tape.below(2) } : {}) }
  const sets: World['sets'] = two ? ['a', 'b'] : ['a']
  const set = (): string => tape.pick(...sets)
  const type = (): Type =>
    [
      bool,
      int(0, 2),
      COLOUR,
      WORD,
      nilable(set()),
      refTo(set()),
      subsetOf(set()),
      int(-1, 1),
      int(1, 2),
      nilable('thread'),
      subsetOf('thread'),
    ][tape.below(11)] ?? bool
  const over = (): readonly string[] =>
    tape.pick<readonly string[]>([], [], [set()], [set()], [set(), set()], ['thread'])
  const declare = (name: string, dims: readonly string[], role: Field['role']): Field => {
    const t = type()
    return field(name, dims, t, { role, initial: start(tape, t, sizes) }).decl
  }
  const plain = Array.from({ length: 2 + tape.below(4) }, (_, i) =>
    declare(`f${i}`, over(), tape.pick('shared', 'shared', 'ghost')),
  )
  const registers = [0, 1].map((i) => declare(`r${i}`, tape.pick<readonly string[]>([], [], ['thread']), 'register'))
  const geometry = [declare('g0', [set()], 'geometry'), declare('g1', [], 'geometry')]
  const spin = lockClass('spin', 'spinlock', 1, tape.pick<readonly string[]>([set()], []))
  const sem = lockClass('sem', 'rwsem', 2, tape.pick<readonly string[]>([], [set()]))
  const locks = tape.pick<readonly LockAccess[]>([spin], [spin, sem], [sem])
  const alive = lifetime(tape)
  const state = [...plain, ...registers, ...(alive === undefined ? [] : [alive.access.decl])]
  return {
    sizes,
    sets,
    types: [...new Set([...state, ...geometry].map((f) => f.type)), bool],
    fields: [...state, ...locks.flatMap(lockFields).map((f) => f.decl)],
    geometry,
    locks,
    lifetimes: alive === undefined ? [] : [alive.lifetime],
    init: initialValues(tape, [...state, ...geometry], sizes),
  }
}

/** What a property may mention: the state, and no thread's locals. */
export const stateNames = (world: World): Names => ({
  sizes: world.sizes,
  types: world.types,
  flags: WORD,
  sets: world.sets,
  fields: [...world.fields, ...world.geometry],
  locals: [],
  bounds: [],
  self: false,
  old: false,
})
