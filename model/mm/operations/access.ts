/** Loads and stores. */
import { call } from '../../language/stmt.ts'
import type { Build } from '../build.ts'
import { access, load_forever } from '../fault.ts'
import { pagesOf, type Operation } from './operation.ts'
import { oom, plain } from './syscall.ts'

const results = (k: Build): readonly string[] => oom(k, ['ok', 'SEGV', 'BUS', 'HWPOISON'], 'OOM')

export const ACCESS_OPERATIONS: readonly Operation[] = [
  {
    name: 'read',
    operand: 'page',
    summary: 'a load from a page: ok, SEGV, or BUS',
    frames: 'too',
    results,
    build: (k, on, label) => [call(label, access(k, false, plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'write',
    operand: 'page',
    summary: 'a store to a page: ok, SEGV, or BUS',
    frames: 'too',
    results,
    build: (k, on, label) => [call(label, access(k, true, plain(on)), [pagesOf(on).first])],
  },
  {
    name: 'keep_reading',
    frames: 'too',
    operand: 'page',
    summary: 'loads from a page again and again, until one raises SEGV or BUS: a thread that need not end',
    results: (k) => oom(k, ['SEGV', 'BUS', 'HWPOISON'], 'OOM'),
    endless: true,
    build: (k, on, label) => [call(label, load_forever(k, plain(on)), [pagesOf(on).first])],
  },
]
