/** What truncation promises when it lets go of i_rwsem; properties/nothing_beyond_end.ts says it in words. */
import { and, eq, forall, implies, isOneOf, le, lt, not, or, type Expr } from '../language/expr.ts'
import { assert, step, type Stmt } from '../language/stmt.ts'
import type { Build } from './build.ts'
import { ifFrames } from './frame.ts'
import { ANON_PTES, FILE_PTES, file, folio, page, pmd, SWAP_PTES, table, vma } from './mm_types.ts'
import { exists } from '../language/expr.ts'
import { zeroPagesGone } from './nosigbus.ts'

/** Where there are page frames a copy that is swapped out counts as well (F11, C19). */
const maps = (k: Build, pg: Expr): Expr =>
  or(
    eq(pmd.kind(page.pmd(pg)), 'huge'),
    and(
      eq(pmd.kind(page.pmd(pg)), 'table'),
      isOneOf(
        table.pte(pmd.table(page.pmd(pg)), page.slot(pg)),
        ...FILE_PTES,
        ...ANON_PTES,
        ...ifFrames(k, ...SWAP_PTES),
      ),
    ),
  )

/** A folio that could not be split lies across the end of the file: what it maps beyond it stays. */
const straddles = (pg: Expr): Expr =>
  exists('folio', 'x', (x) =>
    and(
      eq(x, page.huge(pg)),
      folio.cached(x),
      lt(folio.index(x), file.i_size(folio.file(x))),
      le(file.i_size(folio.file(x)), folio.last(x)),
    ),
  )

export const nothingBeyondEnd = (k: Build, inode: Expr): Stmt =>
  step(
    'truncated',
    'truncation is over',
    [
      assert(
        'NothingBeyondEnd',
        forall('page', 'pg', (pg) =>
          implies(
            and(
              exists('vma', 'v', (v) => and(eq(vma.mapping(v), page.mapping(pg)), eq(vma.file(v), inode))),
              le(file.i_size(inode), page.index(pg)),
              not(straddles(pg)),
            ),
            not(maps(k, pg)),
          ),
        ),
      ),
      ...(k.has('nosigbus') ? [zeroPagesGone('TruncationUnmapsZero')] : []),
    ],
    { atomic: 'a look at the whole state, which the kernel does not take' },
  )
