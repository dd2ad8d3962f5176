/** WebAssembly that has the system give pages to memory that was never written. */
import { get, i32, increment, op, store, whileLoop } from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'

/** The smallest page of any system. */
const PAGE_BYTES = 4096

/**
 * `touch(from, to)`: writes to each page of a piece of memory that is all zero. Linux gives a page that is first read, as
 * those of a table are when an entry is looked for, the page of zeros that all share, and another one when it is then
 * written, after it has told all processors that run threads of the program: that takes far longer than writing first.
 */
export const touchFunction: Func = func('touch', ['i32', 'i32'], [], ([from, to]) => [
  whileLoop(op('i32.lt_u', get(from), get(to)), [store('i32.store', get(from), i32(0)), increment(from, PAGE_BYTES)]),
])
