/** Locks: which variables stand for one, and how one instance of a class is named. */
import { field, type Expr, type FieldAccess } from './expr.ts'
import { nilable, subsetOf } from './types.ts'

export type LockKind = 'spinlock' | 'mutex' | 'rwsem'
export type LockMode = 'read' | 'write'

/** A class of locks in lockdep's sense: all `ptl`s are one class, all `mmap_lock`s another. */
export interface LockClass {
  readonly name: string
  readonly kind: LockKind
  /** Position in the documented order, outermost smallest. Two of one rank are never nested. */
  readonly rank: number
  /** The exclusive holder. */
  readonly owner: FieldAccess
  /** The shared holders; only an rwsem has them. */
  readonly readers?: FieldAccess
}

export interface LockRef {
  readonly lock: LockClass
  readonly index: readonly Expr[]
}
export type LockAccess = ((...index: Expr[]) => LockRef) & { readonly lock: LockClass }

/** Declares a class of locks, one lock per object of `sets`. */
export function lockClass(name: string, kind: LockKind, rank: number, sets: readonly string[]): LockAccess {
  const owner = field(kind === 'rwsem' ? `${name}.writer` : name, sets, nilable('thread'), { role: 'lock' })
  const lock: LockClass =
    kind === 'rwsem'
      ? { name, kind, rank, owner, readers: field(`${name}.readers`, sets, subsetOf('thread'), { role: 'lock' }) }
      : { name, kind, rank, owner }
  return Object.assign((...index: Expr[]): LockRef => ({ lock, index }), { lock })
}

/** The state variables of a class of locks. */
export const lockFields = (l: LockAccess): readonly FieldAccess[] =>
  l.lock.readers === undefined ? [l.lock.owner] : [l.lock.owner, l.lock.readers]
