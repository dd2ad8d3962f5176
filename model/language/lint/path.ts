/**
 * One way through a step: what is known of the thread's locals, the locks it holds, and what the
 * step has seen of shared variables. Paths are changed in place and forked where they part.
 */
import type { LockClass, LockMode } from '../lock.ts'
import { constant } from '../lower/build.ts'
import { isTruth, mapSymbols, sameResidual, spell, symbolsOf, type Residual } from './residual.ts'

export interface Held {
  readonly lock: LockClass
  readonly index: readonly Residual[]
  readonly mode: LockMode
}

export interface Path {
  pc: number
  held: readonly Held[]
  /** Value of each local of the thread: a number or a symbol. */
  readonly locals: Map<number, Residual>
  /** Symbols that turned out to be a number, or equal to another symbol. */
  readonly alias: Map<number, Residual>
  /** The values that a symbol may have; absent where there are too many to list. */
  readonly domain: Map<number, readonly number[]>
  /** Shared variables as this step has read or written them, by field and place. */
  readonly memory: Map<string, { readonly field: string; readonly value: Residual }>
  /** Sticky values seen in earlier steps, by field and place, as long as the lock that keeps them is held. */
  readonly sticky: Map<string, Residual>
  /** Unprotected accesses of this step: machine word to name. */
  readonly unprotected: Map<string, string>
  /** The next free symbol. */
  fresh: number
}

export const fork = (p: Path): Path => ({
  ...p,
  locals: new Map(p.locals),
  alias: new Map(p.alias),
  domain: new Map(p.domain),
  memory: new Map(p.memory),
  sticky: new Map(p.sticky),
  unprotected: new Map(p.unprotected),
})

const DOMAIN_MAX = 64

export function freshSymbol(p: Path, lo: number, hi: number): Residual {
  const slot = p.fresh--
  const count = hi - lo + 1
  if (count === 1) return constant(lo)
  if (count <= DOMAIN_MAX)
    p.domain.set(
      slot,
      Array.from({ length: count }, (_, i) => lo + i),
    )
  return { kind: 'slot', slot }
}

/** Whether a value is known to be other than 0. */
export function isSet(p: Path, e: Residual): boolean {
  const value = settle(p, e)
  if (value.kind === 'const') return value.value !== 0
  return value.kind === 'slot' && p.domain.get(value.slot)?.includes(0) === false
}

/** A residual with what the path has learned since put in. */
export function settle(p: Path, e: Residual): Residual {
  if (e.kind === 'const') return e
  const find = (slot: number): Residual => {
    const to = p.alias.get(slot)
    return to === undefined ? { kind: 'slot', slot } : to.kind === 'slot' ? find(to.slot) : to
  }
  return mapSymbols(e, find)
}

/** Narrows a symbol to some values. False where none is left. */
function restrict(p: Path, slot: number, values: readonly number[]): boolean {
  const [only] = values
  if (only === undefined) return false
  if (values.length === 1) p.alias.set(slot, constant(only))
  else p.domain.set(slot, values)
  return true
}

function unify(p: Path, a: number, b: number): boolean {
  if (a === b) return true
  const [left, right] = [p.domain.get(a), p.domain.get(b)]
  p.alias.set(a, { kind: 'slot', slot: b })
  const both = left === undefined ? right : right === undefined ? left : left.filter((v) => right.includes(v))
  return both === undefined || restrict(p, b, both)
}

const valueAt = (e: Residual, slot: number, value: number): Residual =>
  mapSymbols(e, (s) => (s === slot ? constant(value) : { kind: 'slot', slot: s }))

/** The paths on which `cond` comes out as wanted; none where it cannot. */
export function assume(p: Path, condition: Residual, want: boolean): readonly Path[] {
  const cond = settle(p, condition)
  if (cond.kind === 'const') return (cond.value !== 0) === want ? [p] : []
  if (cond.kind === 'not') return assume(p, cond.arg, !want)
  if (cond.kind === 'binary' && (cond.op === 'and' || cond.op === 'or')) {
    const { left, right } = cond
    if ((cond.op === 'and') === want) return assume(p, left, want).flatMap((q) => assume(q, right, want))
    const other = fork(p)
    return [...assume(p, left, want), ...assume(other, left, !want).flatMap((q) => assume(q, right, want))]
  }
  if (cond.kind === 'ite') {
    const other = fork(p)
    return [
      ...assume(p, cond.cond, true).flatMap((q) => assume(q, cond.then, want)),
      ...assume(other, cond.cond, false).flatMap((q) => assume(q, cond.else, want)),
    ]
  }
  const [slot, ...more] = symbolsOf(cond)
  const domain = slot === undefined ? undefined : p.domain.get(slot)
  if (slot !== undefined && more.length === 0 && domain !== undefined) {
    const left = domain.filter((v) => {
      const at = valueAt(cond, slot, v)
      return at.kind === 'const' && (at.value !== 0) === want
    })
    return restrict(p, slot, left) ? [p] : []
  }
  if (cond.kind === 'binary' && (cond.op === 'eq' || cond.op === 'ne')) {
    const equal = (cond.op === 'eq') === want
    const { left, right } = cond
    if (sameResidual(left, right)) return equal ? [p] : []
    if (equal && left.kind === 'slot' && right.kind === 'slot') return unify(p, left.slot, right.slot) ? [p] : []
    if (equal && left.kind === 'slot' && right.kind === 'const') p.alias.set(left.slot, right)
  }
  return [p]
}

/** A value as a number or a symbol, on a path for each case that can be told apart. `lo..hi` bounds it. */
export function cases(p: Path, e: Residual, lo: number, hi: number): readonly { path: Path; value: Residual }[] {
  const value = settle(p, e)
  if (value.kind === 'const' || value.kind === 'slot') return [{ path: p, value }]
  const cond = value.kind === 'ite' ? value.cond : isTruth(value) ? value : undefined
  if (cond === undefined) return [{ path: p, value: opaque(p, value, lo, hi) }]
  const [then, otherwise] = value.kind === 'ite' ? [value.then, value.else] : [constant(1), constant(0)]
  const other = fork(p)
  return [
    ...assume(p, cond, true).flatMap((q) => cases(q, then, lo, hi)),
    ...assume(other, cond, false).flatMap((q) => cases(q, otherwise, lo, hi)),
  ]
}

/** What arithmetic on a symbol gives: its possible results, and no more of how it came about. */
function opaque(p: Path, e: Residual, lo: number, hi: number): Residual {
  const [slot, ...more] = symbolsOf(e)
  const domain = slot === undefined || more.length > 0 ? undefined : p.domain.get(slot)
  const result = freshSymbol(p, lo, hi)
  if (slot === undefined || domain === undefined || result.kind !== 'slot') return result
  const image = new Set(domain.map((v) => valueAt(e, slot, v)).flatMap((v) => (v.kind === 'const' ? [v.value] : [])))
  restrict(
    p,
    result.slot,
    [...image].sort((a, b) => a - b),
  )
  return settle(p, result)
}

/** A key of `sticky`, taken apart: `vma.anon_vma:2` names an element, `vma.anon_vma:0+s3*1` the one of a symbol. */
export function parts(key: string): { name: string; at?: number; symbol?: number; stride: number } {
  const [, name = '', at = '', symbol, stride = '1'] = /^([^:]*):([0-9]+)(?:\+s([0-9]+)\*([0-9]+))?$/.exec(key) ?? []
  if (name === '') return { name: '', stride: 1 }
  const element = { name, at: Number(at), stride: Number(stride) }
  return symbol === undefined ? element : { ...element, symbol: -Number(symbol) }
}

/** A path between two steps. Symbols are numbered as they occur, so that equal knowledge is one state. */
export interface State {
  readonly pc: number
  readonly locals: ReadonlyMap<number, Residual>
  readonly held: readonly Held[]
  readonly sticky: ReadonlyMap<string, Residual>
  readonly domains: ReadonlyMap<number, readonly number[]>
  /** How many symbols there are: they are -1, -2 and so on. */
  readonly symbols: number
  readonly key: string
}

export function stateOf(p: Path): State {
  const names = new Map<number, number>()
  const domains = new Map<number, readonly number[]>()
  const name = (slot: number): Residual => {
    const known = names.get(slot)
    if (known !== undefined) return { kind: 'slot', slot: known }
    const next = -1 - names.size
    names.set(slot, next)
    const domain = p.domain.get(slot)
    if (domain !== undefined) domains.set(next, domain)
    return { kind: 'slot', slot: next }
  }
  const rename = (e: Residual): Residual => (e.kind === 'const' ? e : mapSymbols(settle(p, e), name))
  const locals = new Map([...p.locals].map(([slot, v]): [number, Residual] => [slot, rename(v)]))
  const held = p.held.map((h) => ({ ...h, index: h.index.map(rename) }))
  // The element of a symbol that no local names any more is one that nobody can ask for again.
  const keyNow = (key: string): string | undefined => {
    const { name: field, at = 0, symbol, stride } = parts(key)
    if (symbol === undefined) return key
    const now = settle(p, { kind: 'slot', slot: symbol })
    if (now.kind === 'const') return `${field}:${at + (now.value - 1) * stride}`
    return now.kind === 'slot' && names.has(now.slot) ? `${field}:${at}+${spell(name(now.slot))}*${stride}` : undefined
  }
  // What may still be 0, and nothing else is compared with, the next read may find to be anything again.
  const tells = (e: Residual): boolean => {
    const v = settle(p, e)
    return v.kind !== 'slot' || names.has(v.slot) || p.domain.get(v.slot)?.includes(0) === false
  }
  const sticky = new Map(
    [...p.sticky]
      .filter(([, v]) => tells(v))
      .flatMap(([key, v]): [string, Residual][] => {
        const at = keyNow(key)
        return at === undefined ? [] : [[at, v]]
      })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([at, v]): [string, Residual] => [at, rename(v)]),
  )
  const key = [
    p.pc,
    [...locals.values()].map(spell).join(),
    held.map((h) => `${h.lock.name} ${h.mode} ${h.index.map(spell).join()}`).join(';'),
    [...sticky].map(([at, v]) => `${at}=${spell(v)}`).join(';'),
    [...domains].map(([slot, d]) => `${slot}:${d.join()}`).join(';'),
  ].join('|')
  return { pc: p.pc, locals, held, sticky, domains, symbols: names.size, key }
}

export const pathFrom = (s: State): Path => ({
  pc: s.pc,
  held: s.held,
  locals: new Map(s.locals),
  alias: new Map(),
  domain: new Map(s.domains),
  memory: new Map(),
  sticky: new Map(s.sticky),
  unprotected: new Map(),
  fresh: -1 - s.symbols,
})
