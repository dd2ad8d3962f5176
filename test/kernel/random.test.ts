/** Random sequences on both sides; the second test shows that the first can fail. */
import { describe, expect, test } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import { scenariosOf } from '../support/scenarios.ts'
import { compare, disagrees, probeSequence, type WorldSequence } from '../../kernel/sequences/compare.ts'
import { litmusText, newSequenceModel } from '../../kernel/sequences/model.ts'
import { operationsOf, statement } from '../../kernel/sequences/operations.ts'
import { conformRandom } from '../../kernel/sequences/random.ts'
import { WORLDS } from '../../kernel/sequences/world.ts'
import type { Observed } from '../../kernel/probe/protocol.ts'
import { running, withProbe } from './support.ts'

const small = WORLDS.filter((w) => w.name === 'anon' || w.name === 'shmem-huge')

test('every operation of every world is a litmus statement', () => {
  for (const w of WORLDS) {
    const all = operationsOf(w)
    expect(all.length).toBeGreaterThan(10)
    for (const o of all) expect(scenariosOf(litmusText(w, 'v6.18', [o]))).toHaveLength(1)
  }
  const [anon] = WORLDS
  expect(
    anon === undefined
      ? []
      : operationsOf(anon)
          .slice(0, 4)
          .map((o) => statement(anon, o)),
  ).toEqual(['guard_install(a[0])', 'guard_install(a[0..1])', 'guard_install(a[0..2])', 'guard_install(a[1])'])
})

describe('the comparison', () => {
  const kernel = findKernel('v6.18')
  const [anon] = WORLDS
  if (kernel === undefined || anon === undefined) throw new Error('no kernel, no world')
  const model = newSequenceModel(kernel)
  const sequence: WorldSequence = {
    world: anon,
    ops: [
      { name: 'guard_install', mapping: 0, first: 1, last: 1 },
      { name: 'read', mapping: 0, first: 1, last: 1 },
    ],
  }
  const ok = (value: number): Observed['ops'][number] => ({ kind: 'ok', value })
  const bits = (...data: readonly number[]): Observed['ops'][number] => ({ kind: 'ok', value: 0, data })
  const segv: Observed['ops'][number] = { kind: 'signal', signal: 'SIGSEGV', code: 1 }
  const observed = (...ops: Observed['ops']): Observed => ({ end: 'exit', how: 0, ops: [ok(0), ...ops] })

  test('asks for the world, the operations, and the guards after each', () => {
    expect(probeSequence(sequence).ops.map((o) => o.name)).toEqual(['mmap', 'madvise', 'pagemap', 'read', 'pagemap'])
  })

  test.each([
    ['what is right', observed(ok(0), bits(0, 5, 0), segv, bits(0, 5, 0)), false],
    ['another result', observed(ok(0), bits(0, 1, 0), ok(0), bits(0, 1, 0)), true],
    ['another error', observed({ kind: 'error', errno: 'EINVAL' }, bits(0, 1, 0), segv, bits(0, 1, 0)), true],
    ['a guard elsewhere', observed(ok(0), bits(1, 1, 0), segv, bits(1, 1, 0)), true],
    ['a guard that goes later', observed(ok(0), bits(0, 1, 0), segv, bits(0, 0, 0)), true],
    ['a child that died', observed(ok(0), bits(0, 1, 0), { kind: 'unfinished' }, { kind: 'not-run' }), true],
  ])('%s', (_, seen, wrong) => {
    expect(disagrees(compare(model, sequence, seen))).toBe(wrong)
  })

  test('a world that the kernel refuses is no disagreement', () => {
    const seen: Observed = { end: 'exit', how: 0, ops: [{ kind: 'error', errno: 'ENOMEM' }] }
    expect(() => compare(model, sequence, seen)).toThrow('does not set up')
  })
})

test('kernel and model agree on random sequences', async (context) => {
  const { model } = await running(context)
  await withProbe(context, async (probe) => {
    const report = await conformRandom(probe, model, { runs: 250, seconds: 0, seed: 1 })
    expect(report.disagreement?.accounts ?? []).toEqual([])
    expect(report.sequences).toBe(250)
    expect(report.perWorld.size).toBe(WORLDS.length)
  })
})

test('a model of another kernel is found out, and the sequence shrunk to what matters', async (context) => {
  const { running: of } = await running(context)
  if (!of.features.has('file-guards')) context.skip('this kernel lacks file-guards')
  const wrong = findKernel('v6.13')
  if (wrong === undefined) throw new Error('no kernel v6.13')
  await withProbe(context, async (probe) => {
    const { disagreement } = await conformRandom(probe, wrong, { runs: 500, seconds: 0, seed: 1, worlds: small })
    expect(disagreement?.world).toBe('shmem-huge')
    expect(disagreement?.accounts).toHaveLength(1)
    expect(disagreement?.accounts[0]).toMatchObject({ agrees: false, model: '-EINVAL, no guard' })
    expect(disagreement?.accounts[0]?.statement).toMatch(/^guard_install\(/)
  })
})
