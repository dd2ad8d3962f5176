/** munmap(), mmap(), mprotect(), mlock(), munlock(), mremap() and the madvise() behaviours that change flags. */
import { call } from '../../language/stmt.ts'
import { FLAG_BEHAVIOURS, sys_madvise_flags } from '../madvise_flags.ts'
import { sys_mlock, sys_munlock } from '../mlock.ts'
import { sys_mmap, sys_munmap } from '../mmap.ts'
import { PROTECTIONS, sys_mprotect } from '../mprotect.ts'
import { pagesOf, type Operand, type Operation } from './operation.ts'
import { oom, plain, removing } from './syscall.ts'

/** The word after the pages; the declaration asked for it, so that its absence is a bug here. */
function wordOf(on: Operand): string {
  if (on.argument.kind !== 'pages' || on.argument.word === undefined) throw new Error('a word was expected')
  return on.argument.word
}

export const VMA_OPERATIONS: readonly Operation[] = [
  {
    name: 'munmap',
    operand: 'pages',
    summary: 'munmap() of some pages of one mapping',
    unlinks: 1,
    vmas: 2,
    takesGuards: true,
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_munmap(k, removing(on, pages)), [first, last])]
    },
  },
  {
    name: 'mmap',
    operand: 'pages',
    summary: 'mmap(MAP_FIXED) over some pages of one mapping, of what is declared there',
    unlinks: 1,
    vmas: 3,
    takesGuards: true,
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_mmap(k, removing(on, pages)), [first, last])]
    },
  },
  {
    name: 'mprotect',
    operand: 'pages_word',
    words: Object.keys(PROTECTIONS),
    summary: 'mprotect() of some pages of one mapping: none, r or rw',
    vmas: 2,
    makesNoTable: true,
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, sys_mprotect(k, PROTECTIONS[wordOf(on)] ?? '', plain(on)), [first, last])]
    },
  },
  {
    name: 'mlock',
    operand: 'pages',
    summary: 'mlock() of some pages of one mapping',
    vmas: 2,
    results: (k) => oom(k, ['0', '-ENOMEM'], '-EAGAIN'),
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, sys_mlock(k, plain(on)), [first, last])]
    },
  },
  {
    name: 'munlock',
    operand: 'pages',
    summary: 'munlock() of some pages of one mapping',
    vmas: 2,
    makesNoTable: true,
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, sys_munlock(k, plain(on)), [first, last])]
    },
  },
  ...Object.entries(FLAG_BEHAVIOURS).map(
    ([name, behaviour]): Operation => ({
      name,
      operand: 'pages',
      summary: `madvise(${behaviour.name}) on some pages of one mapping`,
      vmas: 2,
      makesNoTable: true,
      results: (k) => {
        const known = behaviour.anonymousOnly === true ? ['0', '-EINVAL', '-ENOMEM'] : ['0', '-ENOMEM']
        return oom(k, known, '-EAGAIN')
      },
      build: (k, on, label) => {
        const { first, last } = pagesOf(on)
        return [call(label, sys_madvise_flags(k, behaviour, plain(on)), [first, last])]
      },
    }),
  ),
]
