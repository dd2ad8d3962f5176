/**
 * What the kernel documents of guard regions, asked of a real one: tools/testing/selftests/mm/guard-regions.c
 * and madvise(2). It tests the helper more than the kernel: a helper that reports wrongly fails here.
 */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MAP, MREMAP, PAGE_IS, PIDFD_SELF_THREAD, UFFD } from '../../kernel/probe/constants.ts'
import {
  by,
  fork,
  madvise,
  mapBacking,
  mincore,
  mmap,
  mprotect,
  mremap,
  munmap,
  op,
  open,
  pagemap,
  processMadvise,
  read,
  scan,
  uffdOpen,
  vmas,
  write,
  BACKINGS,
  type ProbeOp,
} from '../../kernel/probe/operations.ts'
import { probeFeatures } from '../../kernel/probe/features.ts'
import { openProbe, runSequences } from '../../kernel/probe/probe.ts'
import { have, results, withProbe } from './support.ts'

const json = (text: string | undefined): unknown => JSON.parse(text ?? '')
const numbers = z.array(z.number())
const vmaList = z.array(z.tuple([z.number(), z.number(), z.string(), z.string()]))
const SEGV = 'SIGSEGV (code 1)'
const anon = mapBacking('anon-private', 0, 10)
const install = madvise(2, 2, 'guard_install')

for (const backing of BACKINGS.filter((b) => b !== 'hugetlb'))
  test(`install and remove on ${backing}`, async (context) => {
    await withProbe(context, async (probe) => {
      const { features } = await probeFeatures(probe)
      const needed = backing.startsWith('anon-private') ? 'anon-guards' : 'file-guards'
      if (!features.has(needed)) context.skip(`this kernel lacks ${needed}`)
      const before = mapBacking(backing, 0, 10)
      const seen = await results(probe, [
        ...before,
        read(2),
        install,
        read(1),
        read(2),
        read(3),
        read(4),
        madvise(0, 10, 'guard_remove'),
        read(2),
      ])
      const first = backing.startsWith('file')
        ? (page: number): string => String('abcdefghij'.charCodeAt(page))
        : (): string => '0'
      expect(seen.slice(before.length)).toEqual([first(2), '0', first(1), SEGV, SEGV, first(4), '0', first(2)])
    })
  })

test('observations: pagemap, PAGEMAP_SCAN, smaps, mincore', async (context) => {
  await withProbe(context, async (probe) => {
    const { features } = await probeFeatures(probe)
    for (const f of ['pagemap-guard', 'pagemap-scan-guard', 'maybe-guard'] as const)
      if (!features.has(f)) context.skip(`this kernel lacks ${f}`)
    const seen = await results(probe, [
      ...anon,
      write(1, 7),
      install,
      pagemap(0, 5),
      pagemap(0, 3, 2),
      scan(0, 10, PAGE_IS.guard),
      mprotect(3, 1, 'r'),
      vmas(0, 10),
      mincore(0, 3),
    ])
    const [, , , each, strided, scanned, , areas, core] = seen
    const first = (text: string | undefined): readonly number[] => numbers.parse(json(text)).map((n) => n & 1)
    expect(first(each)).toEqual([0, 0, 1, 1, 0])
    expect(first(strided)).toEqual([0, 1, 0])
    expect(json(scanned)).toEqual([[2, 2, PAGE_IS.guard]])
    const found = vmaList.parse(json(areas))
    expect(found.map(([page, n, perms]) => [page, n, perms])).toEqual([
      [0, 3, 'rw-p'],
      [3, 1, 'r--p'],
      [4, 6, 'rw-p'],
    ])
    // VM_MAYBE_GUARD is sticky: every part of the split VMA keeps it.
    for (const [, , , flags] of found) expect(flags).toMatch(/\bgu\b/)
    expect(json(core)).toEqual([0, 1, 0])
  })
})

// facts/guard-regions, table of other operations on guard regions; guard-regions.c tests 4 to 17.
const KNOWN: readonly (readonly [string, readonly ProbeOp[], readonly string[]])[] = [
  [
    'munmap and map again',
    [install, munmap(2, 1), mmap(2, 1, 'rw', MAP.private | MAP.anonymous), read(2), read(3)],
    ['0', '0', '0', '0', SEGV],
  ],
  [
    'mprotect',
    [install, mprotect(2, 2, 'r'), read(2), mprotect(2, 2, 'none'), read(2)],
    ['0', '0', SEGV, '0', 'SIGSEGV (code 2)'],
  ],
  ['dontneed', [write(1, 5), install, madvise(0, 10, 'dontneed'), read(1), read(2)], ['0', '0', '0', '0', SEGV]],
  ['free', [install, madvise(0, 10, 'free'), read(2)], ['0', '0', SEGV]],
  ['cold, pageout', [install, madvise(0, 10, 'cold'), madvise(0, 10, 'pageout'), read(2)], ['0', '0', '0', SEGV]],
  [
    'populate',
    [install, madvise(0, 10, 'populate_read'), madvise(0, 10, 'populate_write')],
    ['0', '-EFAULT', '-EFAULT'],
  ],
  ['mlock first', [op('mlock', 0, 10), install, op('munlock', 0, 10), install], ['0', '-EINVAL', '0', '0']],
  ['mlock after', [install, op('mlock', 0, 10), madvise(0, 10, 'guard_remove')], ['0', '-ENOMEM', '0']],
  [
    'mremap',
    [install, mremap(0, 10, 10, MREMAP.maymove | MREMAP.fixed, 40), read(42), read(41)],
    ['0', '40', SEGV, '0'],
  ],
  [
    'shrink and grow',
    [install, mremap(0, 10, 3, 0, 0), mremap(0, 3, 5, 0, 0), read(2), read(3)],
    ['0', '0', '0', SEGV, '0'],
  ],
  [
    'a hole in the range',
    [munmap(5, 1), madvise(0, 10, 'guard_install'), read(4), read(6)],
    ['0', '-ENOMEM', SEGV, SEGV],
  ],
  [
    'process_madvise',
    [
      processMadvise(PIDFD_SELF_THREAD, 'guard_install', [
        [1, 1],
        [8, 2],
      ]),
      read(1),
      read(2),
      read(9),
    ],
    ['12288', SEGV, '0', SEGV],
  ],
  [
    'system calls',
    [install, op('sysread', 2), op('syswrite', 2), op('vm_readv', 2), op('vm_writev', 2), op('sysread', 1)],
    ['0', '-EFAULT', '-EFAULT', '-EFAULT', '-EFAULT', '1'],
  ],
  [
    'fork',
    [
      install,
      fork(1),
      by(1, read(2)),
      by(1, madvise(2, 2, 'guard_remove')),
      by(1, read(2)),
      by(1, op('exit')),
      read(2),
    ],
    ['0', '0', SEGV, '0', '0', '0', SEGV],
  ],
  [
    'wipeonfork',
    [madvise(0, 10, 'wipeonfork'), install, fork(1), by(1, read(2)), by(1, op('exit')), read(2)],
    ['0', '0', '0', '0', '0', SEGV],
  ],
]
for (const [name, ops, expected] of KNOWN)
  test(`anonymous memory: ${name}`, async (context) => {
    await withProbe(context, async (probe) => {
      const { features } = await probeFeatures(probe)
      if (!features.has('anon-guards')) context.skip('this kernel lacks anon-guards')
      const seen = await results(probe, [...anon, ...ops])
      expect(seen.slice(anon.length)).toEqual(expected)
    })
  })

test('files: truncation, holes, SIGBUS, sharing', async (context) => {
  await withProbe(context, async (probe) => {
    const { features } = await probeFeatures(probe)
    if (!features.has('file-guards')) context.skip('this kernel lacks file-guards')
    const seen = await results(probe, [
      open(0, 'memfd', 10),
      op('fill', 0, 10),
      mmap(0, 10, 'rw', MAP.shared, 0),
      mmap(20, 10, 'rw', MAP.private, 0),
      install,
      op('ftruncate', 0, 1),
      read(2),
      read(5),
      read(22),
      op('ftruncate', 0, 10),
      read(2),
      read(22),
      madvise(0, 1, 'remove'),
      read(0),
    ])
    expect(seen.slice(5)).toEqual(['0', SEGV, 'SIGBUS (code 2)', 'SIGBUS (code 2)', '0', SEGV, '0', '0', '0'])
  })
})

test('userfaultfd: a guard raises SIGSEGV, and no event', async (context) => {
  await withProbe(context, async (probe) => {
    const { features } = await probeFeatures(probe)
    if (!features.has('userfaultfd')) context.skip('userfaultfd is not granted')
    const seen = await results(probe, [
      ...anon,
      uffdOpen(UFFD.feature.sigbus),
      op('uffd_register', 0, 10, UFFD.register.missing),
      install,
      read(2),
      read(5),
      op('uffd_event'),
      op('uffd_zeropage', 2, 1, 0),
      op('uffd_zeropage', 5, 1, 0),
      read(5),
    ])
    expect(seen.slice(3)).toEqual(['0', SEGV, 'SIGBUS (code 2)', '-EAGAIN', '-EEXIST', '4096', '0'])
  })
})

test('a hang, a crash and a death are results, and the next sequence is not touched', async (context) => {
  await withProbe(context, async (probe) => {
    const hang = probe.run({
      ops: [...anon, uffdOpen(), op('uffd_register', 0, 10, 1), read(5), read(6)],
      timeoutMs: 1000,
    })
    const orphan = probe.run({ ops: [...anon, fork(1), by(1, op('exit')), by(1, read(1)), read(2)] })
    const fine = probe.run({ ops: [...anon, read(0)] })
    const { features } = await probeFeatures(probe)
    if (features.has('userfaultfd')) {
      const seen = await hang
      expect(seen.end).toBe('timeout')
      expect(seen.ops.slice(-2).map((r) => r.kind)).toEqual(['unfinished', 'not-run'])
    }
    const left = await orphan
    expect(left.end).toBe('exit')
    expect(left.ops.slice(-2).map((r) => r.kind)).toEqual(['no-process', 'ok'])
    expect((await fine).ops.map((r) => r.kind)).toEqual(['ok', 'ok'])
    await hang
  })
})

test('a probe that stays on one CPU answers as any other, the children too', async (context) => {
  // There is no such CPU: they are counted round and round.
  const probe = have(await openProbe({ cpu: 1000 }), context)
  try {
    const ops = [...anon, write(0, 7), fork(1), by(1, write(0, 8)), by(1, read(0)), read(0), by(1, op('exit'))]
    const values = (await results(probe, ops)).slice(-3)
    expect(values).toEqual(['8', '7', '0'])
  } finally {
    await probe.close()
  }
})

test('sequences are answered in order, and one can say that it was enough', async (context) => {
  await withProbe(context, async (probe) => {
    const sequences = Array.from({ length: 300 }, (_, i) => ({ ops: [...anon, write(0, i % 200), read(0)], i }))
    const seen: number[] = []
    await runSequences(probe, sequences, ({ i }, observed) => {
      const last = observed.ops.at(-1)
      expect(last).toEqual({ kind: 'ok', value: i % 200 })
      seen.push(i)
      return true
    })
    expect(seen).toEqual(sequences.map(({ i }) => i))
    let asked = 0
    const endless = function* (): Generator<{ ops: typeof anon }> {
      for (;;) {
        asked++
        yield { ops: anon }
      }
    }
    await runSequences(probe, endless(), () => false)
    expect(asked).toBeLessThan(200)
  })
})
