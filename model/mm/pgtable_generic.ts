/**
 * mm/pgtable-generic.c, and the page-table allocation of mm/memory.c: how a table is found, locked,
 * made and freed. Read at v7.0-rc6 (guard-regions facts 1.1.14-15, 12.3); v6.6 and later agree.
 *
 * Not modelled yet: split page-table locks switched off (ptl is then the pmd lock).
 */
import { eq, firstThat, local, ne, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, if_, lock, release, ret, set, step, unlock, when, while_ } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { pmd, rcu, table } from './mm_types.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

const READ = 'v7.0-rc6; unchanged in what is modelled since v6.6'
const p: Local = local('pmd', refTo('pmd'))
const t: Local = local('table', nilable('table'))
const again: Local = local('again', nilable('table'))

/** Finds the table under a pmd and locks it; nil where there is none. Leaves an RCU read section open. */
export const pte_offset_map_lock: Routine = routine({
  name: 'pte_offset_map_lock',
  file: 'mm/pgtable-generic.c',
  read: READ,
  params: [p],
  locals: [t, again],
  returns: nilable('table'),
  body: [
    while_(truth(true), [
      step('map', 'pmdval = pmdp_get_lockless(pmd)', [set(t, pmd.table(p)), when(ne(t, 'nil'), rcu_read_lock)]),
      if_(eq(t, 'nil'), [ret(t)]),
      lock('lock', 'spin_lock(ptl)', table.ptl(t)),
      step('pmd_same', 'pmd_same(pmdval, pmdp_get_lockless(pmd))', [set(again, pmd.table(p))]),
      if_(eq(again, t), [ret(t)]),
      step('unlock', 'pte_unmap_unlock(pte, ptl)', [release(table.ptl(t)), ...rcu_read_unlock]),
    ]),
  ],
})

const tableParam: Local = local('table', refTo('table'))
export const pte_unmap_unlock: Routine = routine({
  name: 'pte_unmap_unlock',
  file: 'include/linux/mm.h',
  read: READ,
  params: [tableParam],
  locals: [],
  body: [step('unlock', 'spin_unlock(ptl); rcu_read_unlock()', [release(table.ptl(tableParam)), ...rcu_read_unlock])],
})

const fresh: Local = local('new', nilable('table'))
const populated: Local = local('populated', bool)
const fail: Local = local('fail', bool)

/** Puts an empty table under a pmd that has none. Returns whether memory was there for it. */
export const __pte_alloc = (k: Build): Routine =>
  routine({
    name: '__pte_alloc',
    file: 'mm/memory.c',
    read: READ,
    params: [p],
    locals: k.oom ? [fresh, populated, fail] : [fresh, populated],
    returns: bool,
    body: [
      ...(k.oom
        ? [step('may_fail', 'pte_alloc_one(mm)', [], { choose: [fail], sleeps: true }), if_(fail, [ret(false, bool)])]
        : []),
      step(
        'pte_alloc_one',
        'new = pte_alloc_one(mm)',
        [
          set(
            fresh,
            firstThat('table', 'candidate', (c) => eq(table.state(c), 'free')),
          ),
          assert('WorldLargeEnough', ne(fresh, 'nil')),
          when(ne(fresh, 'nil'), [set(table.state(fresh), 'allocated')]),
        ],
        { sleeps: true },
      ),
      if_(eq(fresh, 'nil'), [ret(false, bool)]),
      lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
      step('pmd_populate', 'if (pmd_none(*pmd)) pmd_populate(mm, pmd, new)', [
        set(populated, eq(pmd.kind(p), 'none')),
        when(populated, [set(pmd.kind(p), 'table'), set(pmd.table(p), fresh), set(table.state(fresh), 'linked')]),
      ]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
      if_(eq(populated, false), [step('pte_free', 'pte_free(mm, new)', [set(table.state(fresh), 'free')])]),
      ret(true, bool),
    ],
  })

/** Hands an unlinked table to RCU. */
export const pte_free_defer: Routine = routine({
  name: 'pte_free_defer',
  file: 'mm/pgtable-generic.c',
  read: READ,
  params: [tableParam],
  locals: [],
  body: [
    step('call_rcu', 'call_rcu(&page->rcu_head, pte_free_now)', [
      set(table.state(tableParam), 'deferred'),
      set(table.grace(tableParam), rcu.readers()),
    ]),
  ],
})
