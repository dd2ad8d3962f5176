/** Random sequences on both sides; mutants.test.ts shows that they find what is wrong. */
import { describe, expect, test } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import type { Observed } from '../../kernel/probe/protocol.ts'
import { areasOf, areasSeen, isFiner } from '../../kernel/sequences/areas.ts'
import { compare, cutShort, disagrees, probeSequence, type WorldSequence } from '../../kernel/sequences/compare.ts'
import { newContents } from '../../kernel/sequences/contents.ts'
import { newSequenceModel } from '../../kernel/sequences/model.ts'
import { isHugetlb } from '../../kernel/sequences/hugetlb.ts'
import type { SequenceOp } from '../../kernel/sequences/operations.ts'
import { conformRandom } from '../../kernel/sequences/random.ts'
import { selectWorlds } from '../../kernel/sequences/select.ts'
import { litmusText, newStage, type ModelOf } from '../../kernel/sequences/stage.ts'
import { inOrder, type SequenceWorld } from '../../kernel/sequences/world.ts'
import { WORLDS } from '../../kernel/sequences/worlds.ts'
import { BACKINGS } from '../../kernel/probe/operations.ts'
import { scenariosOf } from '../support/scenarios.ts'
import { running, withProbe } from './support.ts'

function modelOf(name: string): ModelOf {
  const kernel = findKernel(name)
  if (kernel === undefined) throw new Error(`no kernel ${name}`)
  return { kernel, without: [] }
}
function worldOf(name: string): SequenceWorld {
  const found = WORLDS.find((w) => w.name === name)
  if (found === undefined) throw new Error(`no world ${name}`)
  return found
}
const op = (text: string, mm?: string): SequenceOp =>
  mm === undefined ? { text, result: true } : { text, mm, result: true }

test('every kind of memory has its worlds, and each has a name', () => {
  expect([...new Set(WORLDS.map((w) => w.backing))].sort()).toEqual([...BACKINGS].sort())
  expect(new Set(WORLDS.map((w) => w.name)).size).toBe(WORLDS.length)
})

test('operations are statements of the model and calls of the probe', () => {
  const of = modelOf('v6.18.37')
  const names = new Set<string>()
  for (const w of WORLDS.filter((x) => !isHugetlb(x))) {
    const stage = newStage(w, of)
    expect(stage.setUp.length).toBeGreaterThan(0)
    // One of each name: the pages that it is asked for make no difference to what it is.
    const first = w.vocabulary.filter((o, i) => w.vocabulary.findIndex((x) => nameOf(x) === nameOf(o)) === i)
    for (const o of first.filter((x) => !names.has(nameOf(x)))) {
      names.add(nameOf(o))
      expect(stage.place(o).op.name).not.toBe('')
      expect(scenariosOf(litmusText(w, 'v6.18', [o]))).toHaveLength(1)
    }
  }
  expect(names.size).toBeGreaterThan(35)
})
const nameOf = (o: SequenceOp): string => o.text.split('(')[0] ?? ''

test('a child is forked once, and asked for nothing before that or after its end', () => {
  const texts = ['read(b[0])', 'fork(B)', 'read(b[0])', 'fork(B)', 'exit(B)', 'write(b[1])', 'read(a[0])']
  const drawn = texts.map((t) => op(t, /\(b|exit/.test(t) ? 'B' : 'A'))
  expect(inOrder(worldOf('anon-private-fork'), drawn).map((o) => o.text)).toEqual([
    'fork(B)',
    'read(b[0])',
    'exit(B)',
    'read(a[0])',
  ])
})

describe('the comparison', () => {
  const world = worldOf('anon-private')
  const model = newSequenceModel(modelOf('v6.18'))
  const sequence: WorldSequence = { world, ops: [op('guard_install(a[1])'), op('read(a[1])')] }
  const ok = (value: number): Observed['ops'][number] => ({ kind: 'ok', value })
  const bits = (...data: readonly number[]): Observed['ops'][number] => ({ kind: 'ok', value: 0, data })
  const maps = (...data: readonly unknown[]): Observed['ops'][number] => ({ kind: 'ok', value: 0, data })
  const one = maps([0, 3, 'rw-p', 'rd wr mr'])
  const segv: Observed['ops'][number] = { kind: 'signal', signal: 'SIGSEGV', code: 1 }
  const observed = (...ops: Observed['ops']): Observed => ({ end: 'exit', how: 0, ops: [ok(0), ...ops] })

  test('asks for the world, the operations, and what is seen after each', () => {
    const names = ['mmap', 'madvise', 'pagemap', 'vmas', 'read', 'pagemap', 'vmas']
    expect(probeSequence(model, sequence).ops.map((o) => o.name)).toEqual(names)
  })

  test.each([
    ['what is right', observed(ok(0), bits(0, 5, 0), one, segv, bits(0, 5, 0), one), false],
    ['another result', observed(ok(0), bits(0, 1, 0), one, ok(0), bits(0, 1, 0), one), true],
    ['another error', observed({ kind: 'error', errno: 'EINVAL' }, bits(0, 1, 0), one, segv, bits(0, 1, 0), one), true],
    ['a guard elsewhere', observed(ok(0), bits(1, 1, 0), one, segv, bits(1, 1, 0), one), true],
    ['a guard that goes later', observed(ok(0), bits(0, 1, 0), one, segv, bits(0, 0, 0), one), true],
    ['a flag', observed(ok(0), bits(0, 1, 0), maps([0, 3, 'rw-p', 'rd wr lo']), segv, bits(0, 1, 0), one), true],
    [
      'a VMA that is not there',
      observed(ok(0), bits(0, 1, 0), maps([0, 2, 'rw-p', '']), segv, bits(0, 1, 0), one),
      true,
    ],
    ['a child that died', observed(ok(0), bits(0, 1, 0), one, { kind: 'unfinished' }, { kind: 'not-run' }), true],
  ])('%s', (_, seen, wrong) => {
    expect(disagrees(compare(model, sequence, seen))).toBe(wrong)
  })

  test('VMAs that stay apart end it, and are no disagreement', () => {
    const two = maps([0, 1, 'rw-p', ''], [1, 2, 'rw-p', ''])
    const accounts = compare(model, sequence, observed(ok(0), bits(0, 1, 0), two, segv, bits(0, 1, 0), two))
    expect(accounts.map((a) => a.verdict)).toEqual(['apart'])
    expect([disagrees(accounts), cutShort(accounts)]).toEqual([false, true])
  })

  test('a byte that nobody stored', () => {
    const loads: WorldSequence = { world, ops: [op('write(a[0])'), op('read(a[0])')] }
    const seen = (byte: number): Observed => observed(ok(0), bits(0, 0, 0), one, ok(byte), bits(0, 0, 0), one)
    const [stored] = probeSequence(model, loads).ops.filter((o) => o.name === 'write')
    expect(disagrees(compare(model, loads, seen(stored?.args[1] ?? 0)))).toBe(false)
    const accounts = compare(model, loads, seen(77))
    expect(accounts.at(-1)).toMatchObject({ verdict: 'differs' })
    expect(accounts.at(-1)?.kernel).toContain('byte 77')
  })

  test('a world that the kernel refuses is no disagreement', () => {
    const seen: Observed = { end: 'exit', how: 0, ops: [{ kind: 'error', errno: 'ENOMEM' }] }
    expect(() => compare(model, sequence, seen)).toThrow('does not set up')
  })
})

test('VMAs in words', () => {
  expect(
    areasSeen(
      [
        [8, 2, 'rw-p', 'rd gu ac'],
        [10, 1, '---p', ''],
      ],
      8,
      1,
    ),
  ).toBe('0..1 r w gu, 2 none')
  expect(areasSeen('no list', 8, 1)).toBe(undefined)
  expect(areasOf([1, 1, 0, 2], (v) => (v === 1 ? ['VM_READ', 'VM_LOCKED'] : []))).toBe('0..1 r lo, 3 none')
  expect(isFiner('0 r w gu, 1 r w', '0..1 r w gu')).toBe(true)
  expect(isFiner('0 gu, 1 none', '0..1 gu')).toBe(true)
  expect(isFiner('0 r w, 1 r', '0..1 r w')).toBe(false)
  expect(isFiner('0 r w, 2 r w', '0..2 r w')).toBe(false)
  expect(isFiner('0..1 r w', '0 r w, 1 r w')).toBe(false)
})

describe('bytes', () => {
  const places = new Map([
    ['a', { pages: ['a[0]', 'a[1]'], shared: false, offset: 0 }],
    ['b', { pages: ['b[0]', 'b[1]'], shared: true, offset: 0 }],
    ['c', { pages: ['c[0]', 'c[1]'], shared: false, offset: 0, parent: 'a' }],
  ])
  const at = (entries: Readonly<Record<string, string>>) => (page: string) => entries[page] ?? 'none'

  test('a private copy keeps its byte, and the file its own', () => {
    const { take } = newContents(places)
    const [before, copied] = [at({}), at({ 'a[0]': 'anon' })]
    take(op('write(b[0])'), true, 5, before, before)
    take(op('write(a[0])'), true, 7, before, copied)
    expect(take(op('read(a[0])'), true, 0, copied, copied)).toBe(7)
    expect(take(op('read(b[0])'), true, 0, copied, at({ 'a[0]': 'anon', 'b[0]': 'file' }))).toBe(5)
    const forked = at({ 'a[0]': 'anon_ro', 'c[0]': 'anon_ro' })
    take(op('fork(B)'), true, 0, copied, forked)
    expect(take(op('read(c[0])'), true, 0, forked, forked)).toBe(7)
  })

  test('holes and a shorter file are zeroes, and what is dropped is read anew', () => {
    const { take } = newContents(places)
    const [before, copied] = [at({}), at({ 'a[1]': 'anon' })]
    take(op('write(b[1])'), true, 5, before, before)
    take(op('populate_write(a[1])'), true, 0, before, copied)
    expect(take(op('read(a[1])'), true, 0, copied, copied)).toBe(5)
    take(op('punch_hole(f[1])'), true, 0, copied, copied)
    expect(take(op('read(a[1])'), true, 0, copied, copied)).toBe(5)
    take(op('dontneed(a[1])'), true, 0, copied, before)
    expect(take(op('read(a[1])'), true, 0, before, at({ 'a[1]': 'file' }))).toBe(0)
  })

  test('MADV_FREE leaves it open', () => {
    const { take } = newContents(places)
    const copied = at({ 'a[0]': 'anon' })
    take(op('write(a[0])'), true, 7, at({}), copied)
    take(op('free(a[0..1])'), true, 0, copied, copied)
    expect(take(op('read(a[0])'), true, 0, copied, copied)).toBe(undefined)
  })
})

/** Small worlds, so that the run is: `mmcheck conform --random` draws from all of them. */
const SMALL = ['anon-private-uffd-wp', 'memfd-shared-mremap', 'anon-private-fork', 'memfd-huge', 'hugetlb']

test('kernel and model agree on random sequences', async (context) => {
  const { model, running: of } = await running(context)
  const { worlds } = selectWorlds(of.features, SMALL)
  if (worlds.length === 0) context.skip('this kernel has none of the worlds')
  await withProbe(context, async (probe) => {
    const report = await conformRandom(
      probe,
      { kernel: model, without: [] },
      { worlds, runs: 250, seconds: 0, seed: 1 },
    )
    expect(report.disagreement?.accounts ?? []).toEqual([])
    expect(report.sequences).toBe(250)
    expect(report.perWorld.size).toBe(worlds.length)
  })
})

test('a machine without something leaves its worlds out by name', () => {
  const { worlds, skipped } = selectWorlds(new Set(['anon-guards', 'file-guards', 'maybe-guard']), [
    'hugetlb',
    'anon-private',
  ])
  expect(worlds.map((w) => w.name)).toEqual(['anon-private'])
  expect(skipped).toEqual([{ world: 'hugetlb', missing: 'hugetlb' }])
})
