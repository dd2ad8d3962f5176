/** Processes that come and go. */
import { bound, eq, ne, and } from '../../language/expr.ts'
import { call, forEach, join, set, step, when } from '../../language/stmt.ts'
import { do_exit } from '../exit_mmap.ts'
import { page } from '../mm_types.ts'
import { sys_fork } from '../mmap_fork.ts'
import type { Operand, Operation } from './operation.ts'
import { plain } from './syscall.ts'

const mmOf = (on: Operand): Extract<Operand['argument'], { kind: 'mm' }> => {
  if (on.argument.kind !== 'mm') throw new Error(`an mm was expected, not ${on.argument.kind}`)
  return on.argument
}
const each = bound('p', 'page')

export const FORK_OPERATIONS: readonly Operation[] = [
  {
    name: 'fork',
    frames: 'too',
    operand: 'mm',
    summary: 'fork() into an mm: what its child mappings are copied from',
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const { mm, parent } = mmOf(on)
      // What the parent has been promised when fork begins, the child is promised too; removals and the VMAs
      // that fork does not copy take it back (see removing(), and dup_mmap()).
      const inherit = step('enter', 'system call entry', [
        forEach('page', 'p', [
          when(and(ne(page.child(each), 'nil'), eq(page.mm(page.child(each)), mm)), [
            set(page.promised(page.child(each)), page.promised(each)),
          ]),
        ]),
      ])
      return [call(label, sys_fork(k, { ...plain(on), enter: [inherit] }), [mm, parent])]
    },
  },
  {
    name: 'exit',
    frames: 'too',
    operand: 'own_mm',
    summary: 'the last thread of a process exits, the only one that the scenario runs in its mm',
    makesNoTable: true,
    results: () => [],
    build: (k, on, label) => {
      const { mm } = mmOf(on)
      const withdraw = step('enter', 'do_exit(code)', [
        // Whoever ends takes its guards along: a removal that nobody is left to see the end of.
        forEach('page', 'p', [
          when(eq(page.mm(each), mm), [set(page.promised(each), false), join(page.removers(each))]),
        ]),
      ])
      return [call(label, do_exit(k, { enter: [withdraw], leave: () => [] }), [mm])]
    },
  },
]
