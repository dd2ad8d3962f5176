/** Pages that somebody else holds on to, and contents: scenarios with page frames; and pin_longterm without them. */
import { call } from '../../language/stmt.ts'
import { access, load_value } from '../fault.ts'
import { hold_load, hold_store, unpin } from '../gup_hold.ts'
import { clear_refs_write, ksm_merge } from '../ksm.ts'
import { gup } from '../gup_fast.ts'
import { mem_write, uffd_continue } from '../gup_force.ts'
import type { GupFlags } from '../gup_flags.ts'
import { pin_longterm } from '../gup_longterm.ts'
import { pagesOf, type Operand, type Operation } from './operation.ts'
import { plain } from './syscall.ts'

/** What a pin is for. */
const PURPOSES: Readonly<Record<string, Omit<GupFlags, 'pin'>>> = {
  read: { write: false, longterm: false },
  longterm: { write: false, longterm: true },
  write: { write: true, longterm: false },
  longterm_write: { write: true, longterm: true },
}
const VALUES = ['0', '1', '2', '3'] as const
const SIGNALS = ['SEGV', 'BUS'] as const

const wordOf = (on: Operand): string => (on.argument.kind === 'pages' ? (on.argument.word ?? '') : '')
const valueOf = (on: Operand): number => (on.argument.kind === 'pages' ? (on.argument.value ?? 0) : 0)
const purposeOf = (on: Operand): Omit<GupFlags, 'pin'> => {
  const purpose = PURPOSES[wordOf(on)]
  if (purpose === undefined) throw new Error(`'${wordOf(on)}' is no purpose of a pin`)
  return purpose
}

const pin = (name: string, fast: boolean): Operation => ({
  name,
  operand: 'page_word',
  words: Object.keys(PURPOSES),
  frames: 'only',
  summary: `${fast ? 'pin_user_pages_fast()' : 'pin_user_pages()'} of a page: read, longterm (to read), write, longterm_write`,
  results: () => ['0', '-EFAULT'],
  build: (k, on, label) => [call(label, gup(k, { pin: true, ...purposeOf(on) }, fast, plain(on)), [pagesOf(on).first])],
})

export const PIN_OPERATIONS: readonly Operation[] = [
  {
    name: 'pin_longterm',
    operand: 'page',
    summary: 'pin_user_pages(FOLL_LONGTERM) of a page, to read it',
    results: () => ['0', '-EFAULT', '-ENOMEM'],
    build: (k, on, label) => [call(label, pin_longterm(k, plain(on)), [pagesOf(on).first])],
  },
  pin('pin', false),
  pin('pin_fast', true),
  {
    name: 'vmsplice',
    operand: 'page',
    frames: 'only',
    summary: 'vmsplice() of a page into a pipe: get_user_pages_fast(FOLL_GET), to read',
    results: () => ['0', '-EFAULT'],
    build: (k, on, label) => [
      call(label, gup(k, { pin: false, write: false, longterm: false }, true, plain(on)), [pagesOf(on).first]),
    ],
  },
  {
    name: 'pin_read',
    operand: 'page',
    frames: 'only',
    makesNoTable: true,
    summary: 'what the page holds that was pinned (or spliced) at an address: 0 to 3',
    results: () => VALUES,
    build: (_, on, label) => [call(label, hold_load(plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'pin_write',
    operand: 'page_value',
    frames: 'only',
    makesNoTable: true,
    summary: 'a store to the page that was pinned at an address, as DMA makes it',
    results: () => ['ok'],
    build: (k, on, label) => [call(label, hold_store(k, valueOf(on), plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'unpin',
    operand: 'page',
    frames: 'only',
    makesNoTable: true,
    summary: 'unpin_user_page() of what was pinned at an address, or put_page() of what was spliced',
    results: () => [],
    build: (k, on, label) => [call(label, unpin(k), [pagesOf(on).first])],
  },
  {
    name: 'mem_write',
    operand: 'page_value',
    frames: 'only',
    summary: 'write() to /proc/self/mem: get_user_pages(FOLL_WRITE|FOLL_FORCE), and a store to what it gives',
    results: () => ['ok', '-EFAULT'],
    build: (k, on, label) => [call(label, mem_write(k, valueOf(on), plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'uffd_continue',
    operand: 'page',
    fileOnly: true,
    frames: 'only',
    summary: 'UFFDIO_CONTINUE of a page of shmem, in a VMA that is registered for minor faults',
    results: () => ['0', '-EEXIST', '-EFAULT'],
    build: (k, on, label) => [call(label, uffd_continue(k, plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'ksm',
    operand: 'pages_pages',
    pagesMax: 1,
    anonymousOnly: true,
    frames: 'only',
    makesNoTable: true,
    summary: 'ksmd makes one page of two that hold the same',
    results: () => [],
    build: (k, on, label) => {
      const { at, to } = on.argument.kind === 'pages' ? on.argument : { at: pagesOf(on) }
      return [call(label, ksm_merge(k), [at.first, (to ?? at).first])]
    },
  },
  {
    name: 'clear_refs',
    operand: 'page',
    frames: 'only',
    makesNoTable: true,
    summary: 'another process write-protects a page for soft-dirty: /proc/PID/clear_refs',
    results: () => ['0'],
    build: (k, on, label) => [call(label, clear_refs_write(k, plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'load',
    operand: 'page',
    frames: 'only',
    summary: 'a load from a page: what it holds, 0 to 3, or SEGV, BUS',
    results: () => [...VALUES, ...SIGNALS],
    build: (k, on, label) => [call(label, load_value(k, plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'store',
    operand: 'page_value',
    frames: 'only',
    summary: 'a store of 0 to 3 to a page: ok, SEGV, or BUS',
    results: () => ['ok', ...SIGNALS],
    build: (k, on, label) => [call(label, access(k, true, plain(on), valueOf(on)), [pagesOf(on).first])],
  },
]
