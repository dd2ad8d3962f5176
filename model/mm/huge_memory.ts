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
import { bound, eq, firstThat, isOneOf, ite, literal, local, ne, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, forEach, lock, set, step, unlock, when } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import { HUGE_ANON, page, pmd, PmdKind, Pte, table } from './mm_types.ts'

/** pmd_trans_huge() */
export const isHuge = (kind: Expr): Expr => isOneOf(kind, 'huge', ...HUGE_ANON)

const p: Local = local('pmd', refTo('pmd'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('pgtable', nilable('table'))
const each = bound('pg', 'page')

/** Splits a huge pmd so that a part of it can be worked on. */
export const __split_huge_pmd: Routine = routine({
  name: '__split_huge_pmd',
  file: 'mm/huge_memory.c',
  read: 'v7.0-rc6; the file-backed case is the same since v6.6',
  params: [p],
  locals: [kind, t],
  body: [
    lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
    step('clear', 'pmdp_huge_clear_flush(vma, haddr, pmd)', [
      set(kind, pmd.kind(p)),
      when(eq(kind, 'huge'), [set(pmd.kind(p), 'none')]),
      when(isOneOf(kind, ...HUGE_ANON), [
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
                ite(eq(kind, 'huge_anon'), literal(Pte, 'anon'), literal(Pte, 'anon_ro')),
              ),
            ]),
          ]),
          set(pmd.kind(p), 'table'),
          set(pmd.table(p), t),
        ]),
      ]),
    ]),
    unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
  ],
})

/** Takes a whole huge pmd away; an anonymous one only where private copies are to go. */
export const zap_huge_pmd = (evenCows: boolean): Routine =>
  routine({
    name: 'zap_huge_pmd',
    file: 'mm/huge_memory.c',
    read: 'v7.0-rc6; the file-backed case is the same since v6.6',
    params: [p],
    locals: [],
    body: [
      lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
      step('clear', 'orig_pmd = pmdp_huge_get_and_clear_full(vma, addr, pmd)', [
        when(isOneOf(pmd.kind(p), 'huge', ...(evenCows ? HUGE_ANON : [])), [set(pmd.kind(p), 'none')]),
      ]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
    ],
  })
