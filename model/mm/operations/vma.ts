/** munmap(), mmap(), mprotect(), mlock(), munlock(), mremap() and the madvise() behaviours that change flags. */
import type { Expr } from '../../language/expr.ts'
import { call } from '../../language/stmt.ts'
import { FLAG_BEHAVIOURS, sys_madvise_flags } from '../madvise_flags.ts'
import { sys_mlock, sys_munlock } from '../mlock.ts'
import { sys_mmap, sys_munmap } from '../mmap.ts'
import { mmap_reusing } from '../vma_reuse.ts'
import { sys_mremap, sys_mremap_grow, sys_mremap_shrink } from '../mremap.ts'
import { PROTECTIONS, sys_mprotect } from '../mprotect.ts'
import { discarding } from './discard.ts'
import { pagesOf, type Operand, type Operation } from './operation.ts'
import { moving, oom, plain, removing } from './syscall.ts'

/** The word after the pages; the declaration asked for it, so that its absence is a bug here. */
function wordOf(on: Operand): string {
  if (on.argument.kind !== 'pages' || on.argument.word === undefined) throw new Error('a word was expected')
  return on.argument.word
}

function move(name: string, unmap: boolean, summary: string): Operation {
  return {
    name,
    frames: 'too',
    operand: 'pages_pages',
    samePlaces: true,
    summary,
    unlinks: 2,
    vmas: 2,
    takesGuards: true,
    results: () => ['0', '-EFAULT', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      const to = on.argument.kind === 'pages' ? on.argument.to : undefined
      if (to === undefined) throw new Error('pages to move to were expected')
      const distance = numberOf(to.first) - numberOf(first)
      return [call(label, sys_mremap(k, distance, unmap, moving(on, pages, to.pages)), [first, last])]
    },
  }
}

/** The number of the object that a constant names. */
function numberOf(object: Expr): number {
  if (object.kind !== 'const') throw new Error('a page of the scenario was expected')
  return object.value
}

export const VMA_OPERATIONS: readonly Operation[] = [
  {
    name: 'munmap',
    frames: 'too',
    operand: 'pages',
    summary: 'munmap() of some pages of one mapping',
    unlinks: 1,
    vmas: 2,
    takesGuards: true,
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_munmap(k, discarding(k, on, pages, removing(on, pages))), [first, last])]
    },
  },
  {
    name: 'mmap',
    operand: 'pages',
    summary: 'mmap(MAP_FIXED) over some pages of one mapping, of what is declared there',
    unlinks: 1,
    vmas: 3,
    takesGuards: true,
    results: (k) => (k.has('nosigbus') ? ['0', '-EINVAL', '-ENOMEM', '-EOPNOTSUPP'] : ['0', '-ENOMEM']),
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_mmap(k, removing(on, pages)), [first, last])]
    },
  },
  {
    name: 'mprotect',
    frames: 'too',
    operand: 'pages_word',
    words: Object.keys(PROTECTIONS),
    summary: 'mprotect() of some pages of one mapping: none, r or rw',
    vmas: 2,
    makesNoTable: true,
    results: (k) => (k.has('nosigbus') ? ['0', '-ENOMEM', '-EACCES'] : ['0', '-ENOMEM']),
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
  {
    name: 'mmap_reusing',
    operand: 'pages_pages',
    apart: true,
    reusesVma: true,
    makesNoTable: true,
    summary: 'mmap() whose VMA is the object that the second mapping, of another mm, has freed; then exit',
    results: () => ['0', '-ENOMEM'],
    build: (k, on, label) => {
      const to = on.argument.kind === 'pages' ? on.argument.to : undefined
      if (to === undefined) throw new Error('the pages whose VMA is taken were expected')
      const { mm } = pagesOf(on)
      return [call(label, mmap_reusing(k, plain(on)), [mm, to.mapping])]
    },
  },
  move('mremap', true, 'mremap(MREMAP_FIXED) of some pages of one mapping to those of another, of the same file'),
  move('mremap_dontunmap', false, 'the same with MREMAP_DONTUNMAP: the old VMA stays, and is empty'),
  {
    name: 'mremap_shrink',
    operand: 'pages',
    behind: true,
    summary: 'mremap() that cuts these pages off the end of what is mapped before them',
    unlinks: 1,
    vmas: 2,
    takesGuards: true,
    results: () => ['0', '-EFAULT', '-ENOMEM'],
    build: (k, on, label) => {
      const { pages, first, last } = pagesOf(on)
      return [call(label, sys_mremap_shrink(k, removing(on, pages)), [first, last])]
    },
  },
  {
    name: 'mremap_grow',
    operand: 'pages',
    behind: true,
    summary: 'mremap() that grows, in place, what is mapped before these pages over them',
    results: () => ['0', '-EFAULT', '-ENOMEM'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, sys_mremap_grow(k, plain(on)), [first, last])]
    },
  },
  ...Object.entries(FLAG_BEHAVIOURS).map(([name, behaviour]): Operation => ({
    name,
    frames: 'too',
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
  })),
]
