/**
 * mm/pagewalk.c as the guard operations use it: one pmd at a time, each table under its ptl, and no
 * lock in between. Read at v7.0-rc6 (guard-regions facts 1.1.12-17, 1.3 GW1-GW7, 2.2).
 *
 * Not modelled yet: the pud level and its callbacks, several VMAs in one walk, hugetlb.
 */
import { and, eq, local, ne, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, check, for_, if_, let_, ret, set, step, when, while_ } from '../language/stmt.ts'
import { bool, enumeration, nilable, refTo, type EnumType } from '../language/types.ts'
import type { Build } from './build.ts'
import { __split_huge_pmd, isHuge } from './huge_memory.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import { page, Pte, pmd, PmdKind, table } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

/** What a walk gives back: 0, 1 ("something is mapped, zap it first"), an error, or walk->action. */
export const WalkResult: EnumType = enumeration('walk', ['0', '1', '-ENOMEM', 'ACTION_AGAIN'])

const READ = 'v7.0-rc6; the RFC of 27 Sep 2024 as its mail quotes it'
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const p: Local = local('pmd', refTo('pmd'))
const at: Local = local('addr', refTo('page'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const pte: Local = local('pte', Pte)
const rc: Local = local('err', WalkResult)
const ok: Local = local('ok', bool)
/** guard_install_pte_entry(): whatever is no guard marker has to be zapped first. */
const occupied = and(ne(pte, 'none'), ne(pte, 'guard'))
/** The RFC's num_installed > 0, kept by the caller. */
const installed: Local = local('num_installed', bool)

/**
 * walk_page_range() with install_pte: a guard marker into every empty entry of start..end, until an
 * entry with something in it is met. Tables that are missing are made.
 */
export const guard_install_walk = (k: Build): Routine =>
  routine({
    name: 'walk_pmd_range',
    file: 'mm/pagewalk.c',
    read: READ,
    params: [first, last, installed],
    locals: [p, kind, rc, ok],
    returns: WalkResult,
    body: [
      for_(p, page.pmd(first), page.pmd(last), [
        while_(truth(true), [
          step('pmd_none', 'if (pmd_none(*pmd))', [set(kind, pmd.kind(p))]),
          if_(eq(kind, 'none'), [
            call('alloc', __pte_alloc(k), [p], ok),
            if_(eq(ok, false), [ret('-ENOMEM', WalkResult)]),
          ]),
          // The RFC had no pmd callback: the walker split a huge page and its first PTE ended the walk.
          ...(k.has('guard-rfc')
            ? []
            : [
                step('pmd_entry', 'guard_install_pmd_entry(): pmdp_get(pmd)', [set(kind, pmd.kind(p))]),
                k.has('guard-skips-huge')
                  ? if_(isHuge(kind), [let_(rc, '0'), break_])
                  : if_(isHuge(kind), [ret('1', WalkResult)]),
              ]),
          step('trans_huge', 'split_huge_pmd(): pmd_trans_huge(*pmd)', [set(kind, pmd.kind(p))]),
          if_(isHuge(kind), [call('split', __split_huge_pmd, [p])]),
          call('ptes', guard_install_ptes(k), [p, first, last, installed], rc),
          if_(ne(rc, 'ACTION_AGAIN'), [break_]),
        ]),
        if_(eq(rc, '1'), [ret('1', WalkResult)]),
      ]),
      ret('0', WalkResult),
    ],
  })

const guard_install_ptes = (k: Build): Routine =>
  routine({
    name: 'walk_pte_range',
    file: 'mm/pagewalk.c',
    read: READ,
    params: [p, first, last, installed],
    locals: [t, at, pte],
    returns: WalkResult,
    body: [
      call('map', pte_offset_map_lock, [p], t),
      check('no_table', eq(t, 'nil'), [ret('ACTION_AGAIN', WalkResult)]),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step(
          'pte_entry',
          k.has('guard-rfc')
            ? 'guard_poison_install_pte() / guard_poison_pte_entry()'
            : 'guard_install_set_pte() / guard_install_pte_entry()',
          [
            set(pte, table.pte(t, page.slot(at))),
            when(eq(pte, 'none'), [
              set(table.pte(t, page.slot(at)), 'guard'),
              ...(k.has('guard-rfc') ? [set(installed, true)] : []),
            ]),
          ],
        ),
        if_(occupied, [break_]),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      if_(occupied, [ret('1', WalkResult)]),
      ret('0', WalkResult),
    ],
  })

const guard_remove_ptes: Routine = routine({
  name: 'walk_pte_range',
  file: 'mm/pagewalk.c',
  read: READ,
  params: [p, first, last],
  locals: [t, at, pte],
  returns: WalkResult,
  body: [
    call('map', pte_offset_map_lock, [p], t),
    check('no_table', eq(t, 'nil'), [ret('ACTION_AGAIN', WalkResult)]),
    for_(at, clampFirst(p, first), clampLast(p, last), [
      step('pte_entry', 'guard_remove_pte_entry(): pte_clear_not_present_full()', [
        set(pte, table.pte(t, page.slot(at))),
        when(eq(pte, 'guard'), [set(table.pte(t, page.slot(at)), 'none')]),
      ]),
    ]),
    call('unmap', pte_unmap_unlock, [t]),
    ret('0', WalkResult),
  ],
})

/** walk_page_range() of MADV_GUARD_REMOVE: empties guard entries, leaves everything else alone. */
export const guard_remove_walk = (k: Build): Routine =>
  routine({
    name: 'walk_pmd_range',
    file: 'mm/pagewalk.c',
    read: READ,
    params: [first, last],
    locals: [p, kind, rc],
    body: [
      for_(p, page.pmd(first), page.pmd(last), [
        while_(truth(true), [
          step('pmd_none', 'if (pmd_none(*pmd))', [set(kind, pmd.kind(p))]),
          if_(eq(kind, 'none'), [break_]),
          ...(k.has('guard-rfc')
            ? []
            : [
                step('pmd_entry', 'guard_remove_pmd_entry(): pmdp_get(pmd)', [set(kind, pmd.kind(p))]),
                if_(isHuge(kind), [break_]),
              ]),
          step('trans_huge', 'split_huge_pmd(): pmd_trans_huge(*pmd)', [set(kind, pmd.kind(p))]),
          if_(isHuge(kind), [call('split', __split_huge_pmd, [p])]),
          call('ptes', guard_remove_ptes, [p, first, last], rc),
          if_(ne(rc, 'ACTION_AGAIN'), [break_]),
        ]),
      ]),
    ],
  })
