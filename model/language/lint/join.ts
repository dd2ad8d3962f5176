/** One state for two: what is known in both, so that a path with either goes on as one. */
import { constant } from '../lower/build.ts'
import type { Slot } from '../lowered.ts'
import { canonical, elementNumber, placeKey, unprotectedOf, type State } from './canonical.ts'
import type { Needs } from './needs.ts'
import { DOMAIN_MAX, type Path, type Seen } from './path.ts'
import type { Place } from './places.ts'
import { spell, type Residual } from './residual.ts'

/** Values that stand at one place in two states; equal pairs get one symbol, so that what is equal in both stays equal. */
interface Pairs {
  readonly join: (a: Residual, b: Residual) => Residual
  /** The symbol of a pair, if it has one already. */
  readonly find: (a: Residual, b: Residual) => Residual | undefined
  readonly domain: Map<number, readonly number[]>
  readonly count: () => number
}

function newPairs(left: Path, right: Path): Pairs {
  const slots = new Map<string, number>()
  const domain = new Map<number, readonly number[]>()
  const values = (p: Path, e: Residual): readonly number[] | undefined =>
    e.kind === 'const' ? [e.value] : e.kind === 'slot' ? p.domain.get(e.slot) : undefined
  const find = (a: Residual, b: Residual): Residual | undefined => {
    if (a.kind === 'const' && b.kind === 'const' && a.value === b.value) return a
    const slot = slots.get(`${spell(a)}~${spell(b)}`)
    return slot === undefined ? undefined : { kind: 'slot', slot }
  }
  const join = (a: Residual, b: Residual): Residual => {
    const known = find(a, b)
    if (known !== undefined) return known
    if (a.kind === 'not' && b.kind === 'not') return { kind: 'not', arg: join(a.arg, b.arg) }
    if (a.kind === 'binary' && b.kind === 'binary' && a.op === b.op)
      return { kind: 'binary', op: a.op, left: join(a.left, b.left), right: join(a.right, b.right) }
    if (a.kind === 'ite' && b.kind === 'ite')
      return { kind: 'ite', cond: join(a.cond, b.cond), then: join(a.then, b.then), else: join(a.else, b.else) }
    const slot = -1 - slots.size
    slots.set(`${spell(a)}~${spell(b)}`, slot)
    const [l, r] = [values(left, a), values(right, b)]
    if (l !== undefined && r !== undefined) {
      const both = [...new Set([...l, ...r])].sort((x, y) => x - y)
      if (both.length <= DOMAIN_MAX) domain.set(slot, both)
    }
    return { kind: 'slot', slot }
  }
  return { join, find, domain, count: () => slots.size }
}

/** The place that two places are, as far as pairs made so far say that they are one. */
function samePlace(pairs: Pairs, a: Place, b: Place): Place | undefined {
  if (a.field !== b.field) return undefined
  if (a.slot === b.slot && a.index.length === b.index.length) {
    const index: Place['index'][number][] = []
    for (const [i, d] of a.index.entries()) {
      const other = b.index[i]
      const expr = other?.stride === d.stride ? pairs.find(d.expr, other.expr) : undefined
      if (expr === undefined) return undefined
      index.push({ ...d, expr })
    }
    return { ...a, index }
  }
  const [picked, at, element] =
    a.index.length > 0 ? [a, a.index[0], elementNumber(b, a)] : [b, b.index[0], elementNumber(a, b)]
  if (at === undefined || element === undefined) return undefined
  const expr = picked === a ? pairs.find(at.expr, element) : pairs.find(element, at.expr)
  return expr === undefined ? undefined : { ...picked, index: [{ ...at, expr }] }
}

/** What both have seen. A value may be the object of another place, so it is gone round until nothing is added. */
function seenInBoth(pairs: Pairs, a: ReadonlyMap<string, Seen>, b: ReadonlyMap<string, Seen>): Map<string, Seen> {
  const out = new Map<string, Seen>()
  const taken = new Set<Seen>()
  for (let before = -1; before !== taken.size;) {
    before = taken.size
    for (const x of a.values()) {
      if (taken.has(x)) continue
      for (const y of b.values()) {
        const place = samePlace(pairs, x.place, y.place)
        if (place === undefined) continue
        taken.add(x)
        out.set(placeKey(place), { place, value: pairs.join(x.value, y.value) })
        break
      }
    }
  }
  return out
}

/** Two states of one shape as one. `needs` is what is still asked for. */
export function joinStates(a: State, b: State, slots: readonly Slot[], needs: Needs): State {
  const [l, r] = [a.path, b.path]
  const pairs = newPairs(l, r)
  const of = (p: Path, slot: number): Residual => p.locals.get(slot) ?? constant(slots[slot]?.init ?? 0)
  const locals = new Map<number, Residual>()
  for (const slot of new Set([...l.locals.keys(), ...r.locals.keys()]))
    locals.set(slot, pairs.join(of(l, slot), of(r, slot)))
  const each = (x: readonly Residual[], y: readonly Residual[]): readonly Residual[] =>
    x.map((e, i) => pairs.join(e, y[i] ?? e))
  const held = l.held.map((h, i) => ({ ...h, index: each(h.index, r.held[i]?.index ?? h.index) }))
  const notes = l.notes.map((list, i) => each(list, r.notes[i] ?? list))
  const unprotected: Path['unprotected'] = new Map()
  const others = unprotectedOf(r)
  for (const [i, access] of unprotectedOf(l).entries()) {
    const { place } = access
    const other = others[i]?.place ?? place
    const index = place.index.map((d, n) => ({ ...d, expr: pairs.join(d.expr, other.index[n]?.expr ?? d.expr) }))
    unprotected.set(String(i), { ...access, place: { ...place, index } })
  }
  const memory = seenInBoth(pairs, l.memory, r.memory)
  const sticky = seenInBoth(pairs, l.sticky, r.sticky)
  return canonical(
    {
      pc: l.pc,
      held,
      locals,
      alias: new Map(),
      domain: pairs.domain,
      memory,
      sticky,
      unprotected,
      notes,
      fresh: -1 - pairs.count(),
    },
    needs,
    slots,
  )
}
