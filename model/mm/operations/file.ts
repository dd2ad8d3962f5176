/** What is done to a file and not to a mapping of it: truncation, hole punching, invalidation. */
import { literal, type Expr } from '../../language/expr.ts'
import { call } from '../../language/stmt.ts'
import { int } from '../../language/types.ts'
import { sys_madvise_remove } from '../madvise_remove.ts'
import { FILE_PAGES_MAX } from '../mm_types.ts'
import { direct_write, drop_pagecache, sys_fallocate, sys_ftruncate } from '../open.ts'
import { pagesOf, type FilePages, type Operand, type Operation } from './operation.ts'
import { punching } from './discard.ts'
import { plain } from './syscall.ts'

/** The pages of a file that an operand names; throws where it does not take any, which is a bug of its declaration. */
function fileOf(on: Operand): FilePages {
  if (on.argument.kind !== 'file') throw new Error(`a file was expected, not ${on.argument.kind}`)
  return on.argument.at
}
const index = (n: number | Expr): Expr => (typeof n === 'number' ? literal(int(0, FILE_PAGES_MAX), n) : n)
const rangeOf = (on: Operand): readonly Expr[] => {
  const at = fileOf(on)
  return [at.file, index(at.first), index(at.last)]
}

export const FILE_OPERATIONS: readonly Operation[] = [
  {
    name: 'ftruncate',
    frames: 'too',
    operand: 'file_size',
    summary: 'ftruncate() of a file to a number of pages',
    makesNoTable: true,
    results: () => ['0'],
    build: (k, on, label) => {
      const at = fileOf(on)
      return [call(label, sys_ftruncate(k, plain(on)), [at.file, index(at.first)])]
    },
  },
  {
    name: 'punch_hole',
    frames: 'too',
    operand: 'file_pages',
    summary: 'fallocate(FALLOC_FL_PUNCH_HOLE) of some pages of a file',
    makesNoTable: true,
    results: () => ['0'],
    build: (k, on, label) => [call(label, sys_fallocate(k, punching(k, on, fileOf(on))), rangeOf(on))],
  },
  {
    name: 'madvise_remove',
    operand: 'pages',
    summary: 'madvise(MADV_REMOVE) on some pages of one mapping',
    makesNoTable: true,
    results: () => ['0', '-EINVAL', '-EACCES', '-ENOMEM'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, sys_madvise_remove(k, plain(on)), [first, last])]
    },
  },
  {
    name: 'invalidate',
    operand: 'file_pages',
    files: 'plain',
    summary: 'a direct write of some pages of a plain file, which invalidates its page cache',
    makesNoTable: true,
    results: () => [],
    build: (k, on, label) => [call(label, direct_write(k), rangeOf(on))],
  },
  {
    name: 'drop_caches',
    operand: 'file_pages',
    files: 'plain',
    summary: 'drop_caches or POSIX_FADV_DONTNEED: what nobody maps of a plain file leaves the page cache',
    makesNoTable: true,
    results: () => [],
    build: (_, on, label) => [call(label, drop_pagecache, rangeOf(on))],
  },
]
