/** munmap(), mmap(), mprotect(), mlock(), munlock(), mremap() and the madvise() behaviours that change flags. */
import { call } from '../../language/stmt.ts'
import { sys_mmap, sys_munmap } from '../mmap.ts'
import { PROTECTIONS, sys_mprotect } from '../mprotect.ts'
import { pagesOf, type Operand, type Operation } from './operation.ts'
import { plain, removing } from './syscall.ts'

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
]
