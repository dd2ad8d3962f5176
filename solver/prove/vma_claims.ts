/**
 * Guesses about VMAs that are split and merged: what has a page by its own word, the tree finds there, but for what a
 * split has made or a merge is to take away. Each is asked of all labels at which its locals may still be read.
 */
import { and, bound, eq, implies, le, lt, ne, not, or, type Expr, type FieldExpr } from '../../model/language/expr.ts'
import { mm, page, table, vma } from '../../model/mm/mm_types.ts'
import { PARENT } from './core.ts'
import { always, common, lemma, PAGE, q } from './fork_words.ts'
import type { Exclusions } from './held.ts'
import type { Lemma } from './lemma.ts'
import { atLive } from './own.ts'
import type { System } from './system.ts'

const w = bound('w', 'vma')
const t = bound('t', 'table')
const VMA = { name: 'w', set: 'vma' }
const TABLE = { name: 't', set: 'table' }

/** By its own word, a VMA has the page `q`. */
const covers = (v: Expr): Expr => and(ne(vma.start(v), 'nil'), le(vma.start(v), q), le(q, vma.end(v)))
const found: Expr = page.vma(q)
const prepared = (v: Expr): Expr => ne(vma.anon_vma(v), 'NULL')
/** The tree finds what has the page; and what it finds has it. */
const has = (v: Expr): Expr => implies(covers(v), eq(found, v))
const finds = (v: Expr): Expr => implies(eq(found, v), covers(v))

/** A lemma, and what it is about: VMAs first, since a solver meets pages by them. */
type Said = readonly [body: Expr, ...vars: Lemma['vars']]

const ofVma = (body: Expr): Said => [body, VMA]
const ofPage = (body: Expr): Said => [body, PAGE]
const ofBoth = (body: Expr): Said => [body, VMA, PAGE]

const unlocked: Expr = eq(mm.mmap_lock.lock.owner(PARENT), 'nil')

/** Where some table has a marker, what has the page tells so, before VM_MAYBE_GUARD; and of the tree, while nobody changes it. */
const OF_WORLD: readonly Said[] = [
  [implies(and(eq(table.pte(t, page.slot(q)), 'guard'), covers(w)), prepared(w)), VMA, TABLE, PAGE],
  ofBoth(implies(unlocked, has(w))),
  ofBoth(implies(unlocked, finds(w))),
  ofVma(implies(eq(vma.start(w), 'nil'), not(vma.linked(w)))),
]

/** Labels at which the running thread holds the mmap lock, as the code says. */
function underMmapLock({ classes }: Exclusions): ReadonlySet<number> {
  const lock = classes.find((c) => c.lock.name === mm.mmap_lock.lock.name)
  return new Set(lock?.lemmas.flatMap((l) => [...(l.labels ?? [])]))
}

/** Something said of some locals, at the labels at which all of them may still be read. */
type Together = (
  names: readonly string[],
  say: (...locals: readonly FieldExpr[]) => readonly Said[],
) => readonly Lemma[]

const together =
  (system: System, within: ReadonlySet<number>): Together =>
  (names, say) => {
    const live = names.flatMap((n) => atLive(system, (f) => f.name === n))
    const labels = live.reduce<ReadonlySet<number>>((all, [, some]) => common(all, some), within)
    if (live.length < names.length || labels.size === 0) return []
    return say(...live.map(([of]) => of)).map(([body, ...vars]) => lemma(body, labels, vars))
  }

/** Locals of the calls. */
const VISITED = 'madvise_walk_vmas.vma'
const FIRST = 'madvise_walk_vmas.addr'
const LAST = 'madvise_walk_vmas.tmp'
const AT = 'walk_pte_range.addr'
const NEW = '__split_vma.new'
const SPLIT_START = 'vma_modify_flags.split_start'
const SPLIT_END = 'vma_modify_flags.split_end'
const MERGE = 'vma_merge_existing_range'
const TARGET = `${MERGE}.target`
const [PREV, NEXT] = [`${MERGE}.prev`, `${MERGE}.next`]
const [LEFT_SIDE, RIGHT_SIDE] = [`${MERGE}.left_side`, `${MERGE}.right_side`]
const [LEFT, RIGHT] = [`${MERGE}.merge_left`, `${MERGE}.merge_right`]
const RETRACTED = 'retract_page_tables.vma'

/** What a call over a range has in hand lies in the VMA that it is at. */
const ofCall = (of: Together): readonly Lemma[] => [
  ...of([VISITED], (v) => [[ne(vma.start(v), 'nil')], [prepared(v)]]),
  ...[FIRST, LAST, AT].flatMap((x) => of([VISITED, x], (v, x) => [[le(vma.start(v), x)], [le(x, vma.end(v))]])),
  ...[
    [FIRST, LAST],
    [FIRST, AT],
    [AT, LAST],
  ].flatMap((two) => of(two, (x, y) => [[le(x, y)]])),
]

/** What a split has made, until the tree finds it. */
const ofSplit = (of: Together): readonly Lemma[] => [
  ...of([VISITED, FIRST], (v, x) => [[lt(vma.start(v), x)]]),
  ...of([VISITED, LAST], (v, x) => [[lt(x, vma.end(v))]]),
  ...of([VISITED, LAST, SPLIT_END], (v, x, b) => [[implies(b, lt(x, vma.end(v)))]]),
  ...of([VISITED, FIRST, SPLIT_START], (v, x, b) => [[implies(b, lt(vma.start(v), x))]]),
  ...of([NEW], (f) => [
    [ne(vma.start(f), 'nil')],
    [not(vma.linked(f))],
    ofBoth(implies(ne(w, f), has(w))),
    ofBoth(implies(eq(found, w), or(covers(w), covers(f)))),
    ofBoth(implies(and(ne(w, f), covers(f)), not(covers(w)))),
  ]),
  ...of([NEW, VISITED], (f, v) => [
    [ne(f, v)],
    [implies(prepared(v), prepared(f))],
    ofPage(implies(covers(f), eq(found, v))),
    [eq(vma.start(f), vma.start(v))],
    [eq(vma.end(f), vma.end(v))],
  ]),
  ...of([NEW, FIRST], (f, x) => [[eq(vma.end(f), page.prev(x))]]),
  ...of([NEW, LAST], (f, x) => [[eq(vma.start(f), page.next(x))]]),
]

/** Which neighbours a merge has found, and which of them is to have the range. */
const ofNeighbours = (of: Together): readonly Lemma[] => [
  ...of([VISITED, FIRST, LEFT_SIDE], (v, x, b) => [
    [implies(b, eq(vma.start(v), x))],
    [implies(not(b), ne(vma.start(v), x))],
  ]),
  ...of([VISITED, LAST, RIGHT_SIDE], (v, x, b) => [
    [implies(b, eq(vma.end(v), x))],
    [implies(not(b), ne(vma.end(v), x))],
  ]),
  ...of([FIRST], (x) => [[ne(page.prev(x), 'nil')]]),
  ...of([LAST], (x) => [[ne(page.next(x), 'nil')]]),
  ...of([PREV, FIRST], (n, x) => [
    [implies(ne(n, 'nil'), and(ne(page.prev(x), 'nil'), eq(page.vma(page.prev(x)), n)))],
  ]),
  ...of([NEXT, LAST], (n, x) => [[implies(ne(n, 'nil'), and(ne(page.next(x), 'nil'), eq(page.vma(page.next(x)), n)))]]),
  ...of([LEFT, LEFT_SIDE], (b, c) => [[implies(b, c)]]),
  ...of([LEFT, PREV], (b, n) => [[implies(b, ne(n, 'nil'))]]),
  ...of([RIGHT, RIGHT_SIDE], (b, c) => [[implies(b, c)]]),
  ...of([RIGHT, NEXT], (b, n) => [[implies(b, ne(n, 'nil'))]]),
  ...of([LEFT, RIGHT], (b, c) => [[or(b, c)]]),
  ...of([LEFT, PREV, TARGET], (b, n, x) => [[implies(b, eq(x, n))]]),
  ...of([LEFT, NEXT, TARGET], (b, n, x) => [[implies(not(b), eq(x, n))]]),
]

/** How far a merge has come, while what it takes away has its range still. */
const ofMerge = (of: Together): readonly Lemma[] => [
  ...of([TARGET], (x) => [
    [ne(vma.start(x), 'nil')],
    ofBoth(implies(eq(found, w), or(covers(w), covers(x)))),
    ofPage(implies(covers(x), eq(found, x))),
  ]),
  ...of([TARGET, VISITED], (x, v) => [
    [ne(x, v)],
    [implies(prepared(v), prepared(x))],
    [not(vma.linked(v))],
    ofPage(implies(covers(v), covers(x))),
    ofPage(implies(covers(v), not(covers(x)))),
    ofPage(implies(covers(x), or(eq(found, x), eq(found, v)))),
    ofBoth(implies(and(ne(w, x), ne(w, v)), has(w))),
  ]),
  ...of([TARGET, VISITED, LEFT_SIDE, RIGHT_SIDE], (x, v, b, c) => {
    const whole = and(b, c)
    return [
      ofPage(implies(and(whole, covers(v)), covers(x))),
      ofPage(implies(and(not(whole), covers(v)), not(covers(x)))),
      [implies(whole, not(vma.linked(v)))],
    ]
  }),
  ...of([TARGET, VISITED, NEXT], (x, v, n) => [[ne(n, v)], ofBoth(implies(and(ne(w, x), ne(w, v), ne(w, n)), has(w)))]),
  ...of([TARGET, NEXT], (x, n) => [
    [ne(x, n)],
    [not(vma.linked(n))],
    ofPage(implies(covers(n), covers(x))),
    ofBoth(implies(and(ne(w, x), ne(w, n)), has(w))),
  ]),
  ...of([TARGET, NEXT, LEFT_SIDE, RIGHT_SIDE, LEFT, RIGHT], (x, n, b, c, l, r) => [
    ofBoth(implies(and(ne(w, x), not(and(b, c)), or(not(and(l, r)), ne(w, n))), has(w))),
  ]),
  ...of([TARGET, VISITED, NEXT, LEFT, RIGHT], (x, v, n, b, c) => {
    const both = and(b, c)
    const stays = or(not(both), ne(w, n))
    return [
      [implies(both, ne(x, n))],
      ofPage(implies(covers(x), or(eq(found, x), eq(found, v), and(both, eq(found, n))))),
      ofBoth(implies(and(ne(w, x), ne(w, v), stays), has(w))),
      ofBoth(implies(and(ne(w, x), stays), has(w))),
      ofPage(implies(and(both, covers(n)), covers(x))),
      [implies(both, not(vma.linked(n)))],
      [implies(and(both, prepared(n)), prepared(x))],
    ]
  }),
]

/** Who retracts holds i_mmap_rwsem, and no mmap lock. */
const ofRetraction = (of: Together): readonly Lemma[] =>
  of([RETRACTED], (v) => [ofPage(implies(ne(v, 'nil'), covers(v))), [implies(ne(v, 'nil'), vma.linked(v))]])

/** What a retraction, and the calls that split and merge VMAs beside it, may rely on. */
export function vmaGuesses(system: System, locks: Exclusions): readonly Lemma[] {
  const labels = underMmapLock(locks)
  const locked = together(system, labels)
  return [
    ...OF_WORLD.map(([body, ...vars]) => always(body, vars)),
    ...[has(w), finds(w)].map((body) => lemma(body, labels, [VMA, PAGE])),
    ...ofCall(locked),
    ...ofSplit(locked),
    ...ofNeighbours(locked),
    ...ofMerge(locked),
    ...ofRetraction(together(system, new Set(system.labels.keys()))),
  ]
}
