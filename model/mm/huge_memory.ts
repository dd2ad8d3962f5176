/**
 * mm/huge_memory.c: what becomes of a huge pmd that a walk meets. A file's huge pmd is simply
 * cleared, since the page cache keeps the data (guard-regions facts 1.1.14). Read at v7.0-rc6.
 *
 * Not modelled yet: anonymous huge pages (the fault paths here never make one).
 */
import { eq, isOneOf, local, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { lock, set, step, unlock, when } from '../language/stmt.ts'
import { refTo } from '../language/types.ts'
import { pmd } from './mm_types.ts'

/** pmd_trans_huge() */
export const isHuge = (kind: Expr): Expr => isOneOf(kind, 'huge', 'huge_anon')

const p: Local = local('pmd', refTo('pmd'))

const clearHuge = (name: string, text: string): Routine =>
  routine({
    name,
    file: 'mm/huge_memory.c',
    read: 'v7.0-rc6; the file-backed case is the same since v6.6',
    params: [p],
    locals: [],
    body: [
      lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
      step('clear', text, [when(eq(pmd.kind(p), 'huge'), [set(pmd.kind(p), 'none')])]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
    ],
  })

/** Splits a huge pmd so that a part of it can be worked on. */
export const __split_huge_pmd: Routine = clearHuge('__split_huge_pmd', 'pmdp_huge_clear_flush(vma, haddr, pmd)')
/** Takes a whole huge pmd away. */
export const zap_huge_pmd: Routine = clearHuge(
  'zap_huge_pmd',
  'orig_pmd = pmdp_huge_get_and_clear_full(vma, addr, pmd)',
)
