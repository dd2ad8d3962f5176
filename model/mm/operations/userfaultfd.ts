/** What a userfaultfd can be asked for. */
import { call } from '../../language/stmt.ts'
import {
  mfill_atomic,
  UFFD_MODES,
  userfaultfd_register,
  userfaultfd_unregister,
  userfaultfd_wake,
  userfaultfd_writeprotect,
  type Fill,
} from '../userfaultfd.ts'
import { pagesOf, type Operation } from './operation.ts'
import { plain } from './syscall.ts'

const fill = (name: string, what: Fill, summary: string): Operation => ({
  name,
  operand: 'page',
  summary,
  results: () => ['0', '-ENOENT', '-EEXIST', '-EAGAIN', '-ENOMEM', '-EFAULT'],
  build: (k, on, label) => [call(label, mfill_atomic(k, what, plain(on)), [pagesOf(on).first])],
})

const protect = (name: string, on: boolean, summary: string): Operation => ({
  name,
  operand: 'pages',
  summary,
  results: () => ['0', '-ENOENT', '-ENOMEM'],
  build: (k, operand, label) => {
    const { first, last } = pagesOf(operand)
    return [call(label, userfaultfd_writeprotect(k, on, plain(operand)), [first, last])]
  },
})

export const UFFD_OPERATIONS: readonly Operation[] = [
  {
    name: 'uffd_register',
    operand: 'pages_word',
    words: UFFD_MODES,
    summary: 'UFFDIO_REGISTER of a whole mapping: missing, wp or missing_wp (UFFD_FEATURE_SIGBUS, unless uffd_waits)',
    makesNoTable: true,
    results: () => ['0', '-EINVAL'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      const mode = on.argument.kind === 'pages' ? (on.argument.word ?? 'missing') : 'missing'
      return [call(label, userfaultfd_register(k, mode, plain(on)), [first, last])]
    },
  },
  {
    name: 'uffd_unregister',
    operand: 'pages',
    summary: 'UFFDIO_UNREGISTER of a whole mapping',
    makesNoTable: true,
    results: () => ['0', '-EINVAL'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, userfaultfd_unregister(k, plain(on)), [first, last])]
    },
  },
  {
    name: 'uffd_wake',
    operand: 'pages',
    summary: 'UFFDIO_WAKE of some pages: faults that wait (the setting uffd_waits) look again',
    makesNoTable: true,
    results: () => ['0'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, userfaultfd_wake(k, plain(on)), [first, last])]
    },
  },
  fill('uffd_copy', 'copy', 'UFFDIO_COPY to one page'),
  fill('uffd_zeropage', 'zeropage', 'UFFDIO_ZEROPAGE to one page'),
  fill('uffd_poison', 'poison', 'UFFDIO_POISON of one page'),
  protect('uffd_protect', true, 'UFFDIO_WRITEPROTECT of some pages'),
  protect('uffd_unprotect', false, 'UFFDIO_WRITEPROTECT of some pages, taken back'),
]
