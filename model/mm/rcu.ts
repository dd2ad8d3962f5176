/**
 * RCU as far as page tables need it: a deferred table is freed once every read section that began
 * before pte_free_defer() has ended. The grace period is exact, not a wait for all readers.
 *
 * Not modelled yet: expedited grace periods, and everything else that RCU protects.
 */
import { bound, eq, isEmpty, local, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { forEach, join, leave, set, step, while_, type Action } from '../language/stmt.ts'
import { refTo } from '../language/types.ts'
import { rcu, table } from './mm_types.ts'

export const rcu_read_lock: readonly Action[] = [join(rcu.readers())]

const each = bound('t', 'table')
export const rcu_read_unlock: readonly Action[] = [
  leave(rcu.readers()),
  forEach('table', 't', [leave(table.grace(each))]),
]

const dead: Local = local('table', refTo('table'))
const slot = bound('s', 'slot')

/** The callback thread: frees any table whose grace period is over. Never ends. */
export const rcu_do_batch: Routine = routine({
  name: 'rcu_do_batch',
  file: 'kernel/rcu/tree.c',
  read: 'semantics of Documentation/RCU, not its code',
  params: [],
  locals: [dead],
  body: [
    while_(truth(true), [
      step('dequeue', 'rhp = rcu_cblist_dequeue(&rcl)', [], {
        choose: [dead],
        await: eq(table.state(dead), 'deferred'),
      }),
      step('grace_period', 'wait for the grace period', [], { await: isEmpty(table.grace(dead)) }),
      step('pte_free_now', 'pte_free_now(&page->rcu_head)', [
        forEach('slot', 's', [set(table.pte(dead, slot), 'none')]),
        set(table.state(dead), 'free'),
      ]),
    ]),
  ],
})
