/**
 * The rows of cow.c on anonymous memory that need no test module (tools/testing/selftests/mm/cow.c, v6.18): what
 * a process has written stays its own, also through references that were taken before; and what is pinned for
 * long stays what the process sees. R/O long-term pins need CONFIG_GUP_TEST and are not asked for here.
 */
import { describe, expect, test } from 'vitest'
import {
  by,
  fork,
  mapBacking,
  mprotect,
  munmap,
  op,
  pipeRead,
  read,
  uringPin,
  uringRead,
  uringUnpin,
  vmsplice,
  write,
  type ProbeOp,
} from '../../kernel/probe/operations.ts'
import { results, withProbe } from './support.ts'

const [OLD, NEW] = [11, 22]
const child = (o: ProbeOp): ProbeOp => by(1, o)
const memory = [...mapBacking('anon-private', 0, 1), write(0, OLD)]
/** Write-protects the page and takes that back: the next store is to fault, and to decide whether the page is its own. */
const dance = [mprotect(0, 1, 'r'), mprotect(0, 1, 'rw')]
const end = child(op('exit'))

/** The row, its operations, and what the last of them read. */
const ROWS: readonly (readonly [string, readonly ProbeOp[], number])[] = [
  ['basic COW after fork', [fork(1), write(0, NEW), child(read(0))], OLD],
  ['basic COW after fork with mprotect() optimization', [fork(1), ...dance, write(0, NEW), child(read(0))], OLD],
  ['the child writes', [fork(1), child(write(0, NEW)), read(0)], OLD],
  [
    'vmsplice() + unmap in child',
    [fork(1), child(vmsplice(0)), child(munmap(0, 1)), write(0, NEW), child(pipeRead())],
    OLD,
  ],
  [
    'vmsplice() + unmap in child with mprotect() optimization',
    [fork(1), child(vmsplice(0)), child(munmap(0, 1)), ...dance, write(0, NEW), child(pipeRead())],
    OLD,
  ],
  [
    'vmsplice() before fork(), unmap in parent after fork()',
    [vmsplice(0), fork(1), munmap(0, 1), child(write(0, NEW)), pipeRead()],
    OLD,
  ],
  [
    'vmsplice() + unmap in parent after fork()',
    [fork(1), vmsplice(0), munmap(0, 1), child(write(0, NEW)), pipeRead()],
    OLD,
  ],
  ['R/O-mapping a page registered as iouring fixed buffer', [uringPin(0), ...dance, write(0, NEW), uringRead()], NEW],
  ['fork() with an iouring fixed buffer', [uringPin(0), fork(1), write(0, NEW), uringRead()], NEW],
  ['fork() with an iouring fixed buffer: the child', [uringPin(0), fork(1), write(0, NEW), child(read(0))], OLD],
]

describe('cow.c on anonymous memory', () => {
  for (const [name, ops, seen] of ROWS)
    test(name, async (context) => {
      await withProbe(context, async (probe) => {
        const said = await results(probe, [...memory, ...ops, ...(ops.some((o) => o.name === 'fork') ? [end] : [])])
        const pin = memory.length + ops.findIndex((o) => o.name === 'uring_pin')
        if (ops.some((o) => o.name === 'uring_pin') && said[pin] !== '0') context.skip(`io_uring: ${said[pin] ?? ''}`)
        expect(said[memory.length + ops.length - 1]).toBe(String(seen))
        expect(said.filter((r) => r.startsWith('-') || r.startsWith('SIG'))).toEqual([])
      })
    })

  test('a pin that is given back is read no more', async (context) => {
    await withProbe(context, async (probe) => {
      const said = await results(probe, [...memory, uringPin(0), uringRead(), uringUnpin(), uringRead()])
      if (said[2] !== '0') context.skip(`io_uring: ${said[2] ?? ''}`)
      expect(said.slice(3)).toEqual([String(OLD), '0', '-EFAULT'])
    })
  })
})
