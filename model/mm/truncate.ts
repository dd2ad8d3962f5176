/**
 * mm/truncate.c: taking folios out of the page cache, for truncation, hole punching and invalidation.
 * Read in a copy between v6.19 and v7.0-rc6 (guard-regions facts 4.2.6, 4.3); the steps modelled are
 * the same since v6.15, but for what folio_split_or_unmap() does (v6.18).
 *
 * Not modelled yet: the first pass of truncate_inode_pages_range(), which takes the folios that it can
 * lock at once and leaves the others to the second; writeback, buffers, dirty folios (invalidation finds
 * them clean), swap entries of shmem, sizes that are no multiple of a page.
 */
import {
  and,
  contains,
  eq,
  firstThat,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  truth,
  withMember,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  check,
  continue_,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
} from '../language/stmt.ts'
import type { Stmt } from '../language/stmt.ts'
import { bool, int, nilable, refTo, subsetOf } from '../language/types.ts'
import type { Build } from './build.ts'
import { folio_split, try_to_unmap_large } from './folio_split.ts'
import { FILE_PAGES_MAX, file, folio } from './mm_types.ts'
import { folioMapped, folioRange, unmap_mapping_folio, unmap_mapping_pages } from './unmap_mapping.ts'

const READ = 'a copy between v6.19 and v7.0-rc6'
const inode: Local = local('inode', refTo('file'))
const start: Local = local('start', int(0, FILE_PAGES_MAX))
const last: Local = local('end', int(0, FILE_PAGES_MAX))
const f: Local = local('folio', nilable('folio'))
/** The last one looked at. */
const seen: Local = local('index', nilable('folio'))
/** Folios of the range that stay, because they could not be split. */
const kept: Local = local('kept', subsetOf('folio'))
const mapped: Local = local('mapped', bool)
const cached: Local = local('cached', bool)
const some: Local = local('some', bool)
const failed: Local = local('failed', bool)
const dirty: Local = local('dirty', bool)
const done: Local = local('done', bool)
const nil = literal(nilable('folio'), 'nil')

/** Some page of the folio lies in start..last. */
const overlaps = (x: Expr): Expr => and(eq(folio.file(x), inode), le(start, folio.last(x)), le(folio.index(x), last))
/** All of them do. */
const inside = (x: Expr): Expr => and(le(start, folio.index(x)), le(folio.last(x), last))
const nextCached = (after: Expr, ...more: readonly ((x: Expr) => Expr)[]): Expr =>
  firstThat('folio', 'x', (x) => and(lt(after, x), overlaps(x), folio.cached(x), ...more.map((m) => m(x))))

const folio_mapped = (label: string): Stmt =>
  step(label, 'folio_mapped(folio)', [set(mapped, folioMapped(f))], { atomic: 'one counter, the mapcount' })

/** Takes a locked folio out of the page cache, out of every page table first. */
export const truncate_inode_folio = (k: Build): Routine =>
  routine({
    name: 'truncate_inode_folio',
    file: 'mm/truncate.c',
    read: READ,
    params: [f],
    locals: [mapped],
    body: [
      folio_mapped('truncate_cleanup_folio'),
      check('still_mapped', mapped, [call('unmap_folio', unmap_mapping_folio(k), folioRange(f))]),
      step('filemap_remove_folio', 'filemap_remove_folio(folio)', [set(folio.cached(f), false)]),
    ],
  })

/**
 * A folio that lies in the range with some of its pages only is split; what the split makes is left to
 * the caller's loop. Returns false where it could not be split and is dirty, so that it has to stay.
 */
const truncate_inode_partial_folio = (k: Build): Routine =>
  routine({
    name: 'truncate_inode_partial_folio',
    file: 'mm/truncate.c',
    read: READ,
    params: [inode, f],
    locals: [failed, dirty],
    returns: bool,
    body: [
      call('split', folio_split, [f], failed),
      if_(not(failed), [ret(true, bool)]),
      if_(file.shmem(inode), [ret(false, bool)]),
      ...(k.has('map-within-i_size') ? [call('unmap_unsplit', try_to_unmap_large, [f])] : []),
      step('folio_test_dirty', 'if (folio_test_dirty(folio))', [], { choose: [dirty] }),
      if_(dirty, [ret(false, bool)]),
      call('remove', truncate_inode_folio(k), [f]),
      ret(true, bool),
    ],
  })

/**
 * truncate_inode_pages_range(), and shmem_undo_range(), which does the same for shmem: every folio of
 * start..last leaves the page cache. Truncation looks again until nothing is left, and so does a hole
 * punch of a plain file; one of shmem goes over its range once (`again`).
 */
export const truncate_inode_pages_range = (k: Build, shmem: boolean, again: boolean): Routine =>
  routine({
    name: shmem ? 'shmem_undo_range' : 'truncate_inode_pages_range',
    file: shmem ? 'mm/shmem.c' : 'mm/truncate.c',
    read: READ,
    params: [inode, start, last],
    locals: again ? [f, seen, kept, cached, done, some] : [f, seen, kept, cached, done],
    body: [
      let_(seen, nil),
      while_(truth(true), [
        step(
          'find_get_entries',
          'find_get_entries(mapping, &index, end - 1, &fbatch, indices)',
          [
            set(
              f,
              nextCached(seen, (x) => not(contains(kept, x))),
            ),
          ],
          { atomic: 'one walk of the page cache, under RCU' },
        ),
        if_(eq(f, 'nil'), again ? [if_(not(some), [break_]), let_(some, false), let_(seen, nil), continue_] : [break_]),
        let_(seen, f),
        lock('folio_lock', 'folio_lock(folio)', folio.lock(f)),
        step('folio_mapping', 'if (folio->mapping != mapping)', [set(cached, folio.cached(f))]),
        if_(cached, [
          if_(
            inside(f),
            [call('truncate', truncate_inode_folio(k), [f])],
            [
              call('partial', truncate_inode_partial_folio(k), [inode, f], done),
              // A dirty folio that cannot be split stays, and the range ends before it.
              if_(not(done), [let_(kept, withMember(kept, f))]),
              // What it was split into comes before it in this order.
              if_(done, [let_(seen, nil)]),
            ],
          ),
        ]),
        ...(again ? [let_(some, truth(true))] : []),
        unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
      ]),
    ],
  })

/** truncate_pagecache(): unmap, take out, unmap once more for what was copied privately in between. */
export const truncate_pagecache = (k: Build): Routine =>
  routine({
    name: 'truncate_pagecache',
    file: 'mm/truncate.c',
    read: READ,
    params: [inode, start],
    locals: [],
    body: [
      ...unmapFrom(k, 'unmap'),
      call('truncate_inode_pages', truncate_inode_pages_range(k, false, true), [inode, start, END_OF_FILE]),
      ...unmapFrom(k, 'unmap_again'),
    ],
  })

/** The last page that a file may have: ULONG_MAX in the kernel. */
export const END_OF_FILE: Expr = literal(int(0, FILE_PAGES_MAX), FILE_PAGES_MAX - 1)

/** `unmap_mapping_range(mapping, holebegin, 0, 1)`, a check of its own, so that it can be left out. */
const unmapFrom = (k: Build, name: string): readonly Stmt[] => [
  check(name, lt(start, FILE_PAGES_MAX), [call(name, unmap_mapping_pages(k, true), [inode, start, END_OF_FILE])]),
]

/** truncate_pagecache_range(): unmaps a hole once, and leaves private copies alone. */
export const truncate_pagecache_range = (k: Build): Routine =>
  routine({
    name: 'truncate_pagecache_range',
    file: 'mm/truncate.c',
    read: READ,
    params: [inode, start, last],
    locals: [],
    body: [
      check('unmap', truth(true), [call('unmap', unmap_mapping_pages(k, false), [inode, start, last])]),
      call('truncate_inode_pages', truncate_inode_pages_range(k, false, true), [inode, start, last]),
    ],
  })

const unmapped: Local = local('did_range_unmap', bool)

/** invalidate_inode_pages2_range(): what a direct write does to the page cache of its range. */
export const invalidate_inode_pages2_range = (k: Build): Routine =>
  routine({
    name: 'invalidate_inode_pages2_range',
    file: 'mm/truncate.c',
    read: READ,
    params: [inode, start, last],
    locals: [f, seen, mapped, unmapped, cached],
    body: [
      let_(seen, nil),
      while_(truth(true), [
        step(
          'find_get_entries',
          'find_get_entries(mapping, &index, end, &fbatch, indices)',
          [set(f, nextCached(seen))],
          { atomic: 'one walk of the page cache, under RCU' },
        ),
        if_(eq(f, 'nil'), [break_]),
        let_(seen, f),
        if_(not(unmapped), [
          folio_mapped('folio_mapped'),
          // From the first index found to the end of the range, not to the ends of the folio.
          check('unmap', mapped, [
            call('unmap', unmap_mapping_pages(k, false), [inode, start, last]),
            let_(unmapped, true),
          ]),
        ]),
        lock('folio_lock', 'folio_lock(folio)', folio.lock(f)),
        step('folio_mapping', 'if (unlikely(folio->mapping != mapping))', [set(cached, folio.cached(f))]),
        if_(cached, [
          folio_mapped('folio_unmap_invalidate'),
          check('still_mapped', mapped, [call('unmap_folio', unmap_mapping_folio(k), folioRange(f))]),
          step('filemap_remove_folio', '__filemap_remove_folio(folio, NULL)', [set(folio.cached(f), false)]),
        ]),
        unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
      ]),
    ],
  })

const got: Local = local('got', bool)
/** mapping_try_invalidate(), as drop_caches calls it: clean folios that nobody maps or has locked. */
export const mapping_try_invalidate: Routine = routine({
  name: 'mapping_try_invalidate',
  file: 'mm/truncate.c',
  read: READ,
  params: [inode, start, last],
  locals: [f, seen, got, mapped],
  body: [
    let_(seen, nil),
    while_(truth(true), [
      step(
        'find_lock_entries',
        'find_lock_entries(mapping, &index, end, &fbatch, indices)',
        [
          set(
            f,
            firstThat('folio', 'x', (x) => and(lt(seen, x), overlaps(x), inside(x), folio.cached(x))),
          ),
          when(ne(f, 'nil'), [tryAcquire(folio.lock(f), got)]),
        ],
        { atomic: 'one walk of the page cache, under RCU; a folio leaves it only under its lock' },
      ),
      if_(eq(f, 'nil'), [break_]),
      let_(seen, f),
      if_(got, [
        folio_mapped('mapping_evict_folio'),
        check('still_mapped', mapped, [unlock('folio_unlock_mapped', 'folio_unlock(folio)', folio.lock(f)), continue_]),
        step('remove_mapping', 'remove_mapping(mapping, folio)', [set(folio.cached(f), false)]),
        unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
      ]),
    ]),
  ],
})
