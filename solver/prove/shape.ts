/** The shape of the world of a proof: what geometry says at any size, and how states begin. */
import { and, eq, forall, implies, le, lt, ne, object, type Expr, type Field } from '../../model/language/expr.ts'
import { chunk, folio, mapping, page, pmd } from '../../model/mm/mm_types.ts'
import type { Axiom } from './axiom.ts'
import { CHILD, PARENT } from './core.ts'
import type { Domain } from './encode.ts'
import type { Finite } from './finite.ts'
import { forkAxioms } from './fork_shape.ts'
import { mapAction, mapExpr } from './rename.ts'
import type { System, Tail } from './system.ts'

/** Sets of which a core world has one object, whatever its size; of mms and what is theirs, two where one forks. */
export const SINGLE_SETS = ['mm', 'mapping', 'vma', 'pmd', 'file', 'chunk'] as const

/** Where a split finds memory there are any number of VMAs. */
const isAnyNumber = (set: string, sizes: Readonly<Record<string, number>>): boolean =>
  set === 'vma' && (sizes['vma'] ?? 1) > 1 && (sizes['mm'] ?? 1) === 1

/** What is fixed of a proof for any number of threads, pages, tables and folios. */
export const unboundedDomain = (sizes: Readonly<Record<string, number>>): Domain =>
  Object.fromEntries(
    Object.entries(sizes).filter(
      ([s, n]) => s !== 'label' && (n === 0 || (SINGLE_SETS.some((x) => x === s) && !isAnyNumber(s, sizes))),
    ),
  )

const one = (set: string): Expr => object(set, 0)
/** The last page of all: a core world has one mapping. */
export const lastPage: Expr = mapping.last(one('mapping'))
const each = (set: string, body: (x: Expr) => Expr): Expr => forall(set, `x_${set}`, body)
const two = (set: string, body: (x: Expr, y: Expr) => Expr): Expr =>
  forall(set, 'x', (x) => forall(set, 'y', (y) => body(x, y)))

/** Where VMAs are split and merged, at which page is asked by its neighbours. */
const NEIGHBOURS: readonly Axiom[] = [
  {
    name: 'the page before another is the last of those below it',
    expr: two('page', (x, y) =>
      and(
        implies(lt(x, y), and(ne(page.prev(y), 'nil'), le(x, page.prev(y)))),
        implies(ne(page.prev(y), 'nil'), lt(page.prev(y), y)),
      ),
    ),
  },
  {
    name: 'the page behind another is the first of those above it',
    expr: two('page', (x, y) =>
      and(
        implies(lt(x, y), and(ne(page.next(x), 'nil'), le(page.next(x), y))),
        implies(ne(page.next(x), 'nil'), lt(x, page.next(x))),
      ),
    ),
  },
]

/**
 * What the geometry of a core world says of any number of pages. Each holds in the worlds that scenarios
 * build, of one page to eight: `holdsAt` of the pipeline asks them.
 */
export function axiomsOf(sizes: Readonly<Record<string, number>>): readonly Axiom[] {
  const files = (sizes['chunk'] ?? 0) > 0
  if ((sizes['mm'] ?? 1) > 1) return forkAxioms()
  return [
    {
      name: 'nothing lies before the first page and behind the last',
      expr: and(
        eq(page.prev(mapping.first(one('mapping'))), 'nil'),
        eq(page.next(mapping.last(one('mapping'))), 'nil'),
      ),
    },
    {
      name: 'the mapping and the pmd cover all pages',
      expr: each('page', (p) =>
        and(
          le(mapping.first(one('mapping')), p),
          le(p, mapping.last(one('mapping'))),
          le(pmd.first(one('pmd')), p),
          le(p, pmd.last(one('pmd'))),
        ),
      ),
    },
    ...((sizes['vma'] ?? 1) > 1 ? NEIGHBOURS : []),
    ...(files
      ? [
          {
            name: 'each page has a folio of its own, in the chunk',
            expr: and(
              two('page', (x, y) => implies(eq(page.folio(x), page.folio(y)), eq(x, y))),
              each('page', (p) =>
                and(
                  ne(page.folio(p), 'nil'),
                  eq(folio.chunk(page.folio(p)), one('chunk')),
                  ne(page.folio(p), chunk.huge(one('chunk'))),
                  eq(page.huge(p), chunk.huge(one('chunk'))),
                ),
              ),
            ),
          },
          {
            name: 'the chunk begins and ends with folios of its own',
            expr: and(
              le(chunk.first(one('chunk')), chunk.last(one('chunk'))),
              lt(chunk.last(one('chunk')), chunk.huge(one('chunk'))),
              each('folio', (f) =>
                implies(
                  ne(f, chunk.huge(one('chunk'))),
                  and(le(chunk.first(one('chunk')), f), le(f, chunk.last(one('chunk')))),
                ),
              ),
            ),
          },
        ]
      : []),
  ]
}

/** Geometry that is one constant at every size given. */
export function uniformGeometry(finites: readonly Finite[], domain: Domain): ReadonlyMap<string, readonly number[]> {
  const out = new Map<string, readonly number[]>()
  const [a] = finites
  if (a === undefined) return out
  for (const f of a.system.fields) {
    if (f.role !== 'geometry') continue
    const values = new Set(finites.flatMap((x) => x.geometry.get(f.name) ?? []))
    const [only] = values
    const { type } = f
    const names = type.kind !== 'ref' || only === 0 || only === 1 || type.set in domain
    const counted = f.sets.length === 1 && f.sets.every((s) => s in domain)
    const everywhere = (counted ? a.geometry.get(f.name) : undefined) ?? []
    const alike = finites.every((x) => x.geometry.get(f.name)?.join() === everywhere.join())
    const named = everywhere.every((v) => type.kind !== 'ref' || v === 0 || type.set in domain)
    if (values.size === 0) out.set(f.name, [0])
    else if (everywhere.length > 1 && alike && named) out.set(f.name, everywhere)
    else if (only !== undefined && values.size === 1 && names && f.sets.length < 2) out.set(f.name, [only])
  }
  return out
}

/** Whether a reference is sure to point at an object. */
export const neverNil = (e: Expr): boolean =>
  e.kind === 'bound' || e.kind === 'self' || (e.kind === 'const' && e.value !== 0)
    ? true
    : e.kind === 'field' && e.type.kind === 'ref' && e.type.nonNil === true && e.index.every(neverNil)

/** References that are never nil, to sets of one object, as that object; geometry that is constant, as its value. */
export function specialised(system: System, domain: Domain, geometry: ReadonlyMap<string, readonly number[]>): System {
  const simple = (e: Expr): Expr =>
    mapExpr(e, (x) => {
      if (x.kind !== 'field') return undefined
      const [value, ...more] = geometry.get(x.field.name) ?? []
      if (value !== undefined && more.length === 0 && x.field.role === 'geometry' && x.index.every(neverNil))
        return { kind: 'const', type: x.type, value }
      const [at] = x.index
      if (value !== undefined && more.length > 0 && x.field.role === 'geometry' && at?.kind === 'const' && at.value > 0)
        return { kind: 'const', type: x.type, value: [value, ...more][at.value - 1] ?? 0 }
      if (x.type.kind === 'ref' && x.type.nonNil === true && domain[x.type.set] === 1 && neverNil(x))
        return { kind: 'const', type: x.type, value: 1 }
      return undefined
    })
  const target = (x: Expr): never => {
    throw new Error(`a target that is ${x.kind}`)
  }
  const tail = (t: Tail): Tail => {
    switch (t.kind) {
      case 'goto':
        return t
      case 'if':
        return { ...t, cond: simple(t.cond), then: tail(t.then), else: tail(t.else) }
      case 'set':
        return { ...t, value: simple(t.value), next: tail(t.next) }
    }
  }
  return {
    ...system,
    steps: system.steps.map((s) => ({
      ...s,
      guard: s.guard.map(simple),
      actions: s.actions.map((a) => mapAction(a, simple, target)),
      tail: tail(s.tail),
    })),
  }
}

/** How a variable begins, at any size. */
export type Beginning =
  | { readonly kind: 'all'; readonly value: number }
  /** The last object of its type's set. */
  | { readonly kind: 'greatest' }
  /** The last page of the first mapping. */
  | { readonly kind: 'last' }
  /** The least object of its set, and all others. */
  | { readonly kind: 'least'; readonly least: Beginning; readonly others: Beginning }
  /** Object by object of its set; of pages, mm by mm. */
  | { readonly kind: 'parts'; readonly parts: readonly Beginning[] }
  /** Nothing is said: more states than a scenario begins with. */
  | { readonly kind: 'any' }

/** What proofs leave open at the start: the page cache may hold anything. */
export const OPEN_AT_START: readonly string[] = [folio.cached.decl.name]

const isForkWorld = (x: Finite): boolean => (x.sizes['mm'] ?? 1) > 1

/** The values that a variable begins with at one size, at the objects that are chosen. */
function valuesOf(f: Field, x: Finite, wanted: (index: number) => boolean): ReadonlySet<number> {
  const at = x.base.get(f.name) ?? 0
  const n = f.sets.reduce((m, s) => m * (x.sizes[s] ?? 0), 1)
  return new Set(x.initial.slice(at, at + n).filter((_, i) => wanted(i)))
}

/** Read off the initial states of several sizes. */
export function beginningOf(f: Field, finites: readonly Finite[]): Beginning {
  if (OPEN_AT_START.includes(f.name)) return { kind: 'any' }
  const whole = common(
    f,
    finites.map((x) => ({ x, values: valuesOf(f, x, () => true) })),
  )
  const [set, more] = f.sets
  if (whole.kind !== 'any' || more !== undefined || set === undefined) return whole
  if (finites.every((x) => isAnyNumber(set, x.sizes))) {
    const [least, others] = [true, false].map((first) =>
      common(
        f,
        finites.map((x) => ({ x, values: valuesOf(f, x, (i) => (i === 0) === first) })),
      ),
    )
    if (least === undefined || others === undefined || least.kind === 'any' || others.kind === 'any') return whole
    return { kind: 'least', least, others }
  }
  if (!finites.every(isForkWorld)) return whole
  const mms = ([PARENT, CHILD] as const).map((m) => (m.kind === 'const' ? m.value : 0))
  const groups: readonly ((x: Finite) => (i: number) => boolean)[] =
    set === 'page'
      ? mms.map((m) => (x: Finite) => (i: number) => x.geometry.get(page.mm.decl.name)?.[i] === m)
      : SINGLE_SETS.some((s) => s === set)
        ? Array.from({ length: finites[0]?.sizes[set] ?? 0 }, (_, k) => () => (i: number) => i === k)
        : []
  const parts = groups.map((g) =>
    common(
      f,
      finites.map((x) => ({ x, values: valuesOf(f, x, g(x)) })),
    ),
  )
  return parts.length === 0 || parts.some((p) => p.kind === 'any') ? whole : { kind: 'parts', parts }
}

/** What the values at several sizes have in common. */
function common(f: Field, seen: readonly { readonly x: Finite; readonly values: ReadonlySet<number> }[]): Beginning {
  const all = new Set(seen.flatMap((s) => [...s.values]))
  const [only] = all
  if (all.size === 0) return { kind: 'all', value: 0 }
  if (only !== undefined && all.size === 1) return { kind: 'all', value: only }
  const { type } = f
  if (type.kind !== 'ref' || seen.some((s) => s.values.size !== 1)) return { kind: 'any' }
  const lastOf = (x: Finite): number => x.geometry.get(mapping.last.decl.name)?.[0] ?? 0
  if (type.set === 'page' && seen.every((s) => s.values.has(lastOf(s.x)) && isForkWorld(s.x))) return { kind: 'last' }
  if (seen.every((s) => s.values.has(s.x.sizes[type.set] ?? 0))) return { kind: 'greatest' }
  return { kind: 'any' }
}
