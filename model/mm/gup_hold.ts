/**
 * What is done with a page that GUP has given out: it is read and written by way of the kernel's own mapping, or by a
 * device, and let go of again (unpin_user_page() of mm/gup.c, put_page()). No lock and no page table is in it.
 */
import { and, eq, exists, literal, local, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, if_, set, step } from '../language/stmt.ts'
import { nilable } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { asResult, mapsFrame } from './frame.ts'
import { contentsOwn } from './frame_access.ts'
import { Content, frame, hold, Hold } from './frame_types.ts'
import { addr, drop, forgetHold } from './gup_flags.ts'
import { mapping, page } from './mm_types.ts'

const READ = 'a copy of about v6.14'
const f: Local = local('folio', nilable('frame'))
const kind: Local = local('hold', Hold)
const x: Local = local('x', Content)
const result: Local = local('result', Result)

const findHold = step('page', 'page = pages[0]', [set(f, hold.frame(addr)), set(kind, hold.kind(addr))])

/** kmap_local_page(pages[0]), memcpy(). Nothing where nothing was taken. */
export const hold_load = (io: Syscall): Routine =>
  routine({
    name: 'pin_longterm_test_read',
    file: 'mm/gup_test.c',
    read: '0eaed89c18ae (v6.2)',
    params: [addr],
    locals: [f, kind, x, result],
    body: [
      ...io.enter,
      findHold,
      if_(ne(f, 'nil'), [step('copy', 'memcpy(buf, kmap_local_page(page), PAGE_SIZE)', [set(x, frame.content(f))])]),
      ...io.leave(asResult(x)),
    ],
  })

/** A process that has nothing to do with the pin maps the page. */
const seenByOthers = (k: Build): Expr =>
  exists('page', 'q', (q) =>
    and(ne(page.mm(q), page.mm(addr)), not(mapping.shared(page.mapping(q))), mapsFrame(k, q, f)),
  )

/** What a device does with a page that was pinned to be written. */
export const hold_store = (k: Build, value: number, io: Syscall): Routine =>
  routine({
    name: 'dma_write',
    file: 'Documentation/core-api/pin_user_pages.rst',
    read: 'v6.14',
    params: [addr],
    locals: [f, kind, result],
    body: [
      ...io.enter,
      findHold,
      if_(ne(f, 'nil'), [
        step(
          'dma',
          'dma_map_page(dev, page, 0, PAGE_SIZE, DMA_FROM_DEVICE)',
          [
            assert('ContentsOwn', contentsOwn(k, f, page.mm(addr))),
            assert('CowIsolated', or(mapping.shared(page.mapping(addr)), not(seenByOthers(k)))),
            set(frame.content(f), literal(Content, value)),
          ],
          { atomic: 'who maps the page is asked for a property; a device does not look' },
        ),
      ]),
      ...io.leave(literal(Result, 'ok')),
    ],
  })

export const unpin = (k: Build): Routine =>
  routine({
    name: 'unpin_user_page',
    file: 'mm/gup.c',
    read: READ,
    params: [addr],
    locals: [f, kind],
    body: [
      findHold,
      if_(ne(f, 'nil'), [
        if_(
          eq(kind, 'reference'),
          [step('put_page', 'put_page(page)', [...drop(k, false, f), ...forgetHold])],
          [step('gup_put_folio', 'gup_put_folio(page_folio(page), 1, FOLL_PIN)', [...drop(k, true, f), ...forgetHold])],
        ),
      ]),
    ],
  })
