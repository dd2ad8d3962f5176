/** Pages that somebody else holds on to. */
import { call } from '../../language/stmt.ts'
import { pin_longterm } from '../gup_longterm.ts'
import { pagesOf, type Operation } from './operation.ts'
import { plain } from './syscall.ts'

export const PIN_OPERATIONS: readonly Operation[] = [
  {
    name: 'pin_longterm',
    operand: 'page',
    summary: 'pin_user_pages(FOLL_LONGTERM) of a page, to read it',
    results: () => ['0', '-EFAULT', '-ENOMEM'],
    build: (k, on, label) => [call(label, pin_longterm(k, plain(on)), [pagesOf(on).first])],
  },
]
