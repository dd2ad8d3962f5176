/**
 * mm/gup.c: GUP-fast of one page, with interrupts off and no lock, each look at a page table a step (facts
 * gup-cow-nosigbus, A.7, E8; `gup_fast_*` since v6.10, lockless_pages_from_mm() and gup_pte_range() before). What it
 * does not get is left to the slow walk.
 *
 * Interrupts off keep an IPI away, and count as an RCU read section: neither keeps entries from changing. Take the
 * page first, look again then: others clear the entry first, and ask for pins then.
 *
 * Weak memory: smp_mb() after the pin is taken, smp_rmb() before PageAnonExclusive() is read, and the pairs of them
 * in folio_try_share_anon_rmap_pte() (088b8aa537c2) are what sequential consistency gives anyway; what their absence
 * allows is not to be had here, but by exchanging steps.
 *
 * Not modelled yet: PUD level, devices, folios that FOLL_LONGTERM would migrate,
 * gup_fast_folio_allowed() (writes to dirty-tracked files, secretmem, truncated folios), FOLL_FAST_ONLY. The time
 * between the grab and the reference being there, in which a freed frame may be somebody else's, is within one step.
 */
import { and, eq, isOneOf, local, ne, not, or, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, call, check, if_, join, leave, let_, ret, set, step, type Stmt } from '../language/stmt.ts'
import { bool, int, nilable } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { folioOf, frameOf, isAnonFrame, mappedFrame, pageOfHuge } from './frame.ts'
import { entry, frame, gupMm, hold, irq } from './frame_types.ts'
import {
  addr,
  anonEntry,
  asksExclusive,
  drop,
  exclusive,
  f,
  FOLL,
  forgetHold,
  grab,
  gup_must_unshare,
  pte,
  pmdPage,
  pteWrite,
  recordHold,
  uncounted,
  wantsWrite,
  zeroTest,
  type GupFlags,
} from './gup_flags.ts'
import { gup_slow, setHasPinned } from './gup_slow.ts'
import { page, pmd, PmdKind, Pte, READABLE_PTES, table, ZERO_PTES } from './mm_types.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

const READ = 'v6.2 (84209e87c696), a copy of about v6.14; older ones by the facts'
const seq: Local = local('seq', int(0, 7))
const again: Local = local('seq_now', int(0, 7))
const kind: Local = local('pmdval', PmdKind)
const kindNow: Local = local('pmd_now', PmdKind)
const t: Local = local('table', nilable('table'))
const tNow: Local = local('table_now', nilable('table'))
const pteNow: Local = local('pte_now', Pte)
const fNow: Local = local('pfn_now', nilable('frame'))
const got: Local = local('nr_pinned', bool)
const grabbed: Local = local('grabbed', bool)
/** For a property: the tables have mapped the page at some time after it was grabbed. */
const seen: Local = local('seen', bool)
const result: Local = local('result', Result)
const under = page.pmd(addr)

/** The entry may be written. */
const writable: Local = local('writable', bool)

/** Whether the tables, of which none is detached, map what has been grabbed. */
const mapsNow = (k: Build): Expr => eq(mappedFrame(k, addr), f)
const NOTED = { atomic: 'what the tables map is noted for a property; the kernel looks at one word' } as const

const tryGrab = (k: Build, flags: GupFlags): readonly Stmt[] => [
  ...zeroTest(k, flags),
  step(
    'try_grab_folio',
    `try_grab_folio_fast(page, 1, ${FOLL(flags)})`,
    [
      // folio_ref_try_add(): not of a frame that is free.
      set(grabbed, or(not(isAnonFrame(f)), ne(frame.refs(folioOf(k, f)), 0), ne(frame.pins(folioOf(k, f)), 0))),
      { kind: 'when', cond: grabbed, then: [...grab(k, flags, f), ...recordHold(flags, f)], else: [] },
    ],
    { atomic: 'folio_ref_try_add(): one atomic addition, unless the count is zero' },
  ),
]
const put = (k: Build, flags: GupFlags, label: string): readonly Stmt[] => [
  step(label, 'gup_put_folio(folio, 1, flags)', [...drop(k, flags.pin, f), ...forgetHold]),
  let_(grabbed, false),
]

/** gup_must_unshare(NULL, flags, page) of what is not writable: the last question. */
const unshareCheck = (k: Build, flags: GupFlags, writable: Expr, anonymous: Expr, asked: Expr): readonly Stmt[] =>
  asksExclusive(k, flags)
    ? [
        let_(exclusive, true),
        if_(and(grabbed, not(writable), anonymous), [
          step('PageAnonExclusive', 'gup_must_unshare(): smp_rmb(); PageAnonExclusive(page)', [
            set(exclusive, frame.exclusive(asked)),
          ]),
        ]),
        check(
          'gup_must_unshare',
          and(grabbed, not(writable), gup_must_unshare(k, flags, anonymous, true)),
          put(k, flags, 'put_unshare'),
        ),
      ]
    : []

const recheckPmd = (k: Build): readonly Stmt[] =>
  k.has('fast-pin-ignores-pmd')
    ? [let_(kindNow, kind), let_(tNow, t), let_(seen, false)]
    : [
        step(
          'pmd_again',
          'pmd_val(pmd) != pmd_val(*pmdp)',
          [set(kindNow, pmd.kind(under)), set(tNow, pmd.table(under)), set(seen, mapsNow(k))],
          NOTED,
        ),
      ]

const ptes = (k: Build, flags: GupFlags): readonly Stmt[] => [
  step('ptep_get', 'pte = ptep_get_lockless(ptep)', [
    set(pte, table.pte(t, page.slot(addr))),
    set(f, frameOf(pte, entry.frame(t, page.slot(addr)), addr)),
  ]),
  // pte_access_permitted(), pte_special()
  if_(and(isOneOf(pte, ...READABLE_PTES), not(isOneOf(pte, ...ZERO_PTES)), or(not(wantsWrite(k, flags)), pteWrite)), [
    ...tryGrab(k, flags),
    if_(grabbed, [
      ...recheckPmd(k),
      check('pmd_changed', or(ne(kindNow, kind), ne(tNow, t)), put(k, flags, 'put_pmd_changed')),
    ]),
    if_(grabbed, [
      step(
        'ptep_get_again',
        'pte_val(pte) != pte_val(ptep_get(ptep))',
        [
          set(pteNow, table.pte(t, page.slot(addr))),
          set(fNow, frameOf(pteNow, entry.frame(t, page.slot(addr)), addr)),
          set(seen, or(seen, mapsNow(k))),
        ],
        NOTED,
      ),
      check('pte_changed', or(ne(pteNow, pte), ne(fNow, f)), put(k, flags, 'put_pte_changed')),
    ]),
    ...unshareCheck(k, flags, pteWrite, anonEntry, f),
  ]),
]

const pmdWrite: Expr = eq(kind, 'huge_anon')
const gup_fast_pmd_leaf = (k: Build, flags: GupFlags): Routine =>
  routine({
    name: 'gup_fast_pmd_leaf',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, kind, f, grabbed, seen],
    locals: [kindNow, fNow, exclusive, uncounted],
    body: [
      if_(or(not(wantsWrite(k, flags)), pmdWrite), [
        ...tryGrab(k, flags),
        if_(grabbed, [
          step(
            'pmd_again',
            'pmd_val(orig) != pmd_val(*pmdp)',
            [set(kindNow, pmd.kind(under)), set(fNow, pageOfHuge(k, entry.huge(under), addr)), set(seen, mapsNow(k))],
            NOTED,
          ),
          check('pmd_changed', or(ne(kindNow, kind), ne(fNow, f)), put(k, flags, 'put_pmd_changed')),
        ]),
        ...unshareCheck(k, flags, pmdWrite, isOneOf(kind, 'huge_anon', 'huge_anon_ro'), pmdPage(k, f)),
      ]),
    ],
  })

/** lockless_pages_from_mm(): the walk with interrupts off. */
const gup_fast_pte_range = (k: Build, flags: GupFlags): Routine =>
  routine({
    name: 'gup_fast_pte_range',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, grabbed, seen, writable],
    locals: [kind, kindNow, t, tNow, pte, pteNow, f, fNow, exclusive, uncounted],
    body: [
      let_(grabbed, false),
      step('pmd', 'pmd = pmdp_get_lockless(pmdp)', [
        set(kind, pmd.kind(under)),
        set(t, pmd.table(under)),
        set(f, pageOfHuge(k, entry.huge(under), addr)),
      ]),
      let_(writable, eq(kind, 'huge_anon')),
      if_(eq(kind, 'table'), ptes(k, flags)),
      if_(isOneOf(kind, 'huge_anon', 'huge_anon_ro', 'huge_zero'), [
        call('leaf', gup_fast_pmd_leaf(k, flags), [addr, kind, f, grabbed, seen]),
      ]),
    ],
  })

const looksAtSeq = (k: Build, flags: GupFlags): boolean => flags.pin && !k.has('fast-pin-ignores-fork')

/** lockless_pages_from_mm() */
const gup_fast = (k: Build, flags: GupFlags): Routine =>
  routine({
    name: 'gup_fast',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, got],
    locals: [seq, again, grabbed, seen, writable],
    body: [
      let_(got, false),
      ...(looksAtSeq(k, flags)
        ? [
            step('write_protect_seq', 'seq = raw_read_seqcount(&current->mm->write_protect_seq)', [
              set(seq, gupMm.seq(page.mm(addr))),
            ]),
            check('seq_odd', isOneOf(seq, 1, 3, 5, 7), [ret()]),
          ]
        : []),
      step('irq_save', 'local_irq_save(flags)', [join(irq.off()), ...rcu_read_lock]),
      call('walk', gup_fast_pte_range(k, flags), [addr, grabbed, seen, writable]),
      step('irq_restore', 'local_irq_restore(flags)', [
        leave(irq.off()),
        ...rcu_read_unlock,
        assert('FastPinFresh', or(not(grabbed), seen)),
        ...(flags.pin && flags.longterm && !flags.write
          ? [assert('LongtermPinGoesSlow', or(not(grabbed), writable, isAnonFrame(hold.frame(addr))))]
          : []),
      ]),
      ...(looksAtSeq(k, flags)
        ? [
            if_(grabbed, [
              step('seqcount_retry', 'read_seqcount_retry(&current->mm->write_protect_seq, seq)', [
                set(again, gupMm.seq(page.mm(addr))),
              ]),
              check('seq_changed', ne(again, seq), [
                step('unpin_pages_lockless', 'gup_fast_unpin_user_pages(pages, nr_pinned)', [
                  ...drop(k, true, hold.frame(addr)),
                  ...forgetHold,
                ]),
                let_(grabbed, false),
              ]),
            ]),
          ]
        : []),
      let_(got, grabbed),
    ],
  })

/** pin_user_pages_fast(), get_user_pages_fast(), or without `fast` their slow sisters: 0, or an errno. */
export const gup = (k: Build, flags: GupFlags, fast: boolean, io: Syscall): Routine =>
  routine({
    name: `${flags.pin ? 'pin' : 'get'}_user_pages${fast ? '_fast' : ''}(${FOLL(flags)})`,
    file: 'mm/gup.c',
    read: READ,
    params: [addr],
    locals: [got, result],
    body: [
      ...io.enter,
      let_(got, truth(false)),
      let_(result, '0'),
      ...(fast ? [...setHasPinned(k, flags), call('fast', gup_fast(k, flags), [addr, got])] : []),
      if_(not(got), [call('slow', gup_slow(k, flags), [addr], result)]),
      if_(eq(result, '0'), [step('pages', 'pages[nr] = page', [set(hold.done(addr), true)])]),
      ...io.leave(result),
    ],
  })
