/** madvise() behaviours on pages. */
import { call } from '../../language/stmt.ts'
import { sys_guard_install, sys_guard_remove, sys_madvise_dontneed } from '../madvise.ts'
import { discarding } from './discard.ts'
import { pagesOf, type Operation } from './operation.ts'
import { installing, plain, removing } from './syscall.ts'

export const MADVISE_OPERATIONS: readonly Operation[] = [
  {
    name: 'guard_install',
    operand: 'pages',
    summary: 'madvise(MADV_GUARD_INSTALL) on some pages of one mapping',
    results: (k) => {
      const known = ['0', '-EINVAL', '-ENOMEM']
      return k.has('guard-rfc') ? [...known, '-EAGAIN'] : known
    },
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_guard_install(k, installing(on, pages)), [first, last])]
    },
  },
  {
    name: 'guard_remove',
    operand: 'pages',
    summary: 'madvise(MADV_GUARD_REMOVE) on some pages of one mapping',
    takesGuards: true,
    results: () => ['0', '-EINVAL', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_guard_remove(k, removing(on, pages)), [first, last])]
    },
  },
  {
    name: 'dontneed',
    frames: 'too',
    operand: 'pages',
    summary: 'madvise(MADV_DONTNEED) on some pages of one mapping',
    unlinks: 1,
    results: () => ['0', '-EINVAL', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_madvise_dontneed(k, discarding(k, on, pages, plain(on))), [first, last])]
    },
  },
]
