/**
 * mm/huge_memory.c: what becomes of a huge pmd that a walk meets. A file's huge pmd is simply
 * cleared, since the page cache keeps the data; an anonymous one becomes a table of small mappings
 * (guard-regions facts 1.1.14). Read at v7.0-rc6.
 *
 * The table that a split fills was deposited when the huge page was mapped; here it comes out of the
 * pool of tables at the split.
 *
 * Anonymous huge pages are made in huge_memory_fault.ts and khugepaged_anon.ts, shared in huge_memory_cow.ts.
 *
 * Not modelled yet: PMD migration entries, the freezing of the folio during a split.
 */
import { and, bound, eq, firstThat, isOneOf, ite, literal, local, ne, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, forEach, lock, set, step, unlock, when, type Action, type StepStmt } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { addMappings, discarded, getFrame, pageOfHuge, putFrame, removeRmap } from './frame.ts'
import { entry, frame } from './frame_types.ts'
import { HUGE_ANON, page, pmd, PmdKind, Pte, table } from './mm_types.ts'

/** Whether there are page frames, and folios of several. */
export type Frames = Pick<Build, 'frames' | 'large'>

/** pmd_trans_huge() */
export const isHuge = (kind: Expr): Expr => isOneOf(kind, 'huge', ...HUGE_ANON, 'huge_zero')

const p: Local = local('pmd', refTo('pmd'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('pgtable', nilable('table'))
const each = bound('pg', 'page')

const huge: Local = local('folio', nilable('frame'))
/**
 * Where there are frames: an entry of the huge zero page becomes one of the zero page. Of a folio of several frames each
 * page has a mapping and a reference of its own from here on, and is PageAnonExclusive() if the first one was.
 */
const framesOfSplit = (k: Frames, into: Expr): readonly Action[] => {
  const ofAnon =
    k.large !== undefined ? [...mapPages(k, into)] : [set(entry.frame(into, page.slot(pmd.first(p))), huge)]
  return [set(huge, entry.huge(p)), set(entry.huge(p), 'nil'), when(isOneOf(kind, ...HUGE_ANON), ofAnon)]
}
const mapPages = (k: Frames, into: Expr): readonly Action[] => {
  const f = pageOfHuge(k, huge, each)
  return [
    forEach('page', 'pg', [
      when(eq(page.pmd(each), p), [
        set(entry.frame(into, page.slot(each)), f),
        set(frame.exclusive(f), frame.exclusive(huge)),
        getFrame(k, huge),
        ...addMappings(k, huge, pmd.mm(p), 1),
      ]),
    ]),
    ...putFrame(k, huge),
    ...addMappings(k, huge, pmd.mm(p), -1),
  ]
}

/**
 * The order of __split_huge_pmd_locked() is pmdp_invalidate(), folio_ref_add(), folio_add_anon_rmap_ptes() with
 * PageAnonExclusive() of each page, the entries, folio_remove_rmap_pmd(), pmd_populate().
 */
const WHOLE_SPLIT = {
  atomic:
    'under the pmd lock, in a table that nobody can find before pmd_populate(). Whoever walks without the lock finds no ' +
    'present PMD meanwhile and comes back by way of the lock; GUP-fast, which may have found it before, looks at it ' +
    'again after its grab. References rise before the mappings and fall after, so that whoever compares them copies',
} as const

/** Splits a huge pmd so that a part of it can be worked on. */
export const split_huge_pmd = (k: Frames): Routine => {
  const frames = k.frames === true
  const clear = (actions: readonly Action[]): StepStmt =>
    step('clear', 'pmdp_huge_clear_flush(vma, haddr, pmd)', actions, k.large === undefined ? {} : WHOLE_SPLIT)
  return routine({
    name: '__split_huge_pmd',
    file: 'mm/huge_memory.c',
    read: 'v7.0-rc6; the file-backed case is the same since v6.6',
    params: [p],
    locals: [kind, t, ...(frames ? [huge] : [])],
    body: [
      lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
      clear([
        set(kind, pmd.kind(p)),
        when(eq(kind, 'huge'), [set(pmd.kind(p), 'none')]),
        when(isOneOf(kind, ...HUGE_ANON, ...(frames ? ['huge_zero'] : [])), [
          set(
            t,
            firstThat('table', 'candidate', (c) => eq(table.state(c), 'free')),
          ),
          assert('WorldLargeEnough', ne(t, 'nil')),
          when(ne(t, 'nil'), [
            set(table.state(t), 'linked'),
            forEach('page', 'pg', [
              when(eq(page.pmd(each), p), [
                set(
                  table.pte(t, page.slot(each)),
                  ite(
                    eq(kind, 'huge_anon'),
                    literal(Pte, 'anon'),
                    frames ? ite(eq(kind, 'huge_zero'), literal(Pte, 'zero'), 'anon_ro') : literal(Pte, 'anon_ro'),
                  ),
                ),
              ]),
            ]),
            ...(frames ? framesOfSplit(k, t) : []),
            set(pmd.kind(p), 'table'),
            set(pmd.table(p), t),
          ]),
        ]),
      ]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
    ],
  })
}
export const __split_huge_pmd: Routine = split_huge_pmd({})
/** In a scenario with page frames, or without. */
export const splitOf = (k: Frames): Routine =>
  k.large !== undefined ? split_huge_pmd(k) : k.frames === true ? SPLIT_FRAMES : __split_huge_pmd
const SPLIT_FRAMES: Routine = split_huge_pmd({ frames: true })

const zappedHuge = (k: Frames, evenCows: boolean): readonly Action[] => [
  set(kind, pmd.kind(p)),
  set(huge, entry.huge(p)),
  when(isOneOf(kind, 'huge_zero', ...(evenCows ? HUGE_ANON : [])), [
    set(entry.huge(p), 'nil'),
    ...(k.large !== undefined
      ? [forEach('page', 'pg', [when(eq(page.pmd(each), p), [discarded(each)])])]
      : [discarded(pmd.first(p))]),
  ]),
  when(and(isOneOf(kind, ...(evenCows ? HUGE_ANON : ['none'])), ne(huge, 'nil')), [
    ...removeRmap(k, huge, pmd.mm(p)),
    ...putFrame(k, huge),
  ]),
]

/** Takes a whole huge pmd away; an anonymous one only where private copies are to go. */
export const zap_huge_pmd = (evenCows: boolean, k: Frames = {}): Routine => {
  const frames = k.frames === true
  return routine({
    name: 'zap_huge_pmd',
    file: 'mm/huge_memory.c',
    read: 'v7.0-rc6; the file-backed case is the same since v6.6',
    params: [p],
    locals: frames ? [kind, huge] : [],
    body: [
      lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
      step('clear', 'orig_pmd = pmdp_huge_get_and_clear_full(vma, addr, pmd)', [
        ...(frames ? zappedHuge(k, evenCows) : []),
        when(isOneOf(pmd.kind(p), 'huge', ...(evenCows ? HUGE_ANON : []), ...(frames ? ['huge_zero'] : [])), [
          set(pmd.kind(p), 'none'),
        ]),
      ]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
    ],
  })
}
