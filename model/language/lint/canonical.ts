/**
 * What is known on a path, spelled in one way: symbols are numbered as they occur, and what nobody can
 * ask for any more is left out, so that equal knowledge is one state.
 */
import { constant } from '../lower/build.ts'
import type { Slot } from '../lowered.ts'
import type { Needs } from './needs.ts'
import { accessKey, settle, type Path, type Seen, type Unprotected } from './path.ts'
import { element, type Place } from './places.ts'
import { mapSymbols, spell, symbolsOf, type Residual } from './residual.ts'

export interface State {
  /** Nobody changes it; its `alias` is empty, and its symbols are -1, -2 and so on. */
  readonly path: Path
  readonly key: string
  /** What states must share to be joined: the locks held, and how many accesses went unprotected. */
  readonly shape: string
}

export const placeKey = (p: Place): string => `${p.field.name}:${element(p)}`

/** A place with its symbols replaced, and folded where an index is known now. Undefined where it names no element. */
export function mapPlace(p: Place, to: (e: Residual) => Residual): Place | undefined {
  let slot = p.slot
  const index: Place['index'][number][] = []
  for (const d of p.index) {
    const expr = to(d.expr)
    if (expr.kind === 'const') {
      const offset = expr.value - d.first
      if (offset < 0 || offset >= d.count) return undefined
      slot += offset * d.stride
    } else index.push({ ...d, expr })
  }
  return { field: p.field, slot, index }
}

const wordShape = ({ word, place }: Unprotected): string =>
  `${word}:${place.slot}+${place.index.map((d) => d.stride).join()}`

/** Unprotected accesses in an order that states of one shape share. */
export const unprotectedOf = (p: Path): readonly Unprotected[] =>
  [...p.unprotected.values()].sort((a, b) => (wordShape(a) < wordShape(b) ? -1 : 1))

/** What control flow goes by: truth values, enumerations, and whether a reference is nil. */
function casesOf(p: Path, slots: readonly Slot[]): string {
  const told = ([slot, v]: readonly [number, Residual]): string => {
    const type = slots[slot]?.type
    switch (type?.kind) {
      case 'bool':
      case 'enum':
        return v.kind === 'const' ? `${slot}=${v.value}` : `${slot}?`
      case 'ref':
        if (type.nonNil === true) return ''
        if (v.kind === 'const') return v.value === 0 ? `${slot}=0` : `${slot}!`
        return v.kind === 'slot' && p.domain.get(v.slot)?.includes(0) === false ? `${slot}!` : `${slot}?`
      case 'int':
      case 'flags':
      case 'subset':
      case undefined:
        return ''
    }
  }
  return [...p.locals].map(told).join(' ')
}

const shapeOf = (p: Path, slots: readonly Slot[]): string =>
  [
    p.pc,
    casesOf(p, slots),
    p.held
      .map((h) => `${h.lock.name} ${h.mode} ${h.index.map((i) => (i.kind === 'const' ? i.value : '?')).join()}`)
      .join(';'),
    unprotectedOf(p).map(wordShape).join(),
  ].join('|')

/** What of a path the rest of its step, and later steps, can tell from another. */
export function canonical(p: Path, needs: Needs, slots: readonly Slot[]): State {
  const names = new Map<number, number>()
  const domain = new Map<number, readonly number[]>()
  const name = (slot: number): Residual => {
    const known = names.get(slot)
    if (known !== undefined) return { kind: 'slot', slot: known }
    const next = -1 - names.size
    names.set(slot, next)
    const values = p.domain.get(slot)
    if (values !== undefined) domain.set(next, values)
    return { kind: 'slot', slot: next }
  }
  const now = (e: Residual): Residual => (e.kind === 'const' ? e : settle(p, e))
  const rename = (e: Residual): Residual => (e.kind === 'const' ? e : mapSymbols(now(e), name))
  const isNamed = (e: Residual): boolean => [...symbolsOf(now(e))].every((slot) => names.has(slot))
  const locals = new Map(
    [...p.locals]
      .filter(([slot]) => !needs.dead.has(slot))
      .sort(([a], [b]) => a - b)
      .map(([slot, v]): [number, Residual] => [slot, rename(v)]),
  )
  const held = p.held.map((h) => ({ ...h, index: h.index.map(rename) }))
  const notes = p.notes.map((list) => list.map(rename))
  const unprotected: Path['unprotected'] = new Map()
  for (const access of p.unprotected.values()) {
    const place = mapPlace(access.place, rename)
    if (place !== undefined) unprotected.set(accessKey({ ...access, place }), { ...access, place })
  }
  // The element of a symbol that nothing names any more is one that nobody can ask for again.
  const kept = (of: ReadonlyMap<string, Seen>, keeps: (s: Seen) => boolean): Map<string, Seen> => {
    const out = new Map<string, Seen>()
    let rest = [...of.values()].filter(keeps)
    for (;;) {
      const ready = rest.filter((s) => s.place.index.every((d) => isNamed(d.expr)))
      if (ready.length === 0) return out
      rest = rest.filter((s) => !ready.includes(s))
      const placed = ready.flatMap((s) => {
        const place = mapPlace(s.place, rename)
        return place === undefined ? [] : [{ key: placeKey(place), place, value: s.value }]
      })
      placed.sort((a, b) => (a.key < b.key ? -1 : 1))
      for (const { key, place, value } of placed) out.set(key, { place, value: rename(value) })
    }
  }
  const memory = kept(p.memory, (s) => needs.fields.has(s.place.field.name))
  // What may still be 0, and nothing else is compared with, the next read may find to be anything again.
  const tells = ({ value }: Seen): boolean => {
    const v = now(value)
    return v.kind !== 'slot' || names.has(v.slot) || p.domain.get(v.slot)?.includes(0) === false
  }
  const sticky = kept(p.sticky, tells)
  const path: Path = {
    pc: p.pc,
    held,
    locals,
    alias: new Map(),
    domain,
    memory,
    sticky,
    unprotected,
    notes,
    fresh: -1 - names.size,
  }
  const seen = (of: ReadonlyMap<string, Seen>): string => [...of].map(([at, s]) => `${at}=${spell(s.value)}`).join(';')
  const key = [
    p.pc,
    [...locals].map(([slot, v]) => `${slot}:${spell(v)}`).join(),
    held.map((h) => `${h.lock.name} ${h.mode} ${h.index.map(spell).join()}`).join(';'),
    notes.map((list) => list.map(spell).join()).join(';'),
    [...unprotected.keys()].sort().join(),
    seen(memory),
    seen(sticky),
    [...domain].map(([slot, d]) => `${slot}:${d.join()}`).join(';'),
  ].join('|')
  return { path, key, shape: shapeOf(path, slots) }
}

/** The element that a symbol picks, if `value` is what it stands for; for comparing places of two paths. */
export const elementNumber = (known: Place, picked: Place): Residual | undefined => {
  const [d, ...more] = picked.index
  if (d === undefined || more.length > 0 || known.index.length > 0) return undefined
  const offset = known.slot - picked.slot
  if (offset % d.stride !== 0) return undefined
  const value = offset / d.stride + d.first
  return value < d.first || value >= d.first + d.count ? undefined : constant(value)
}
