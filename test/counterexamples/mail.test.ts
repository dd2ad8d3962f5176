import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderMail } from '../../counterexamples/mail.ts'
import { renderSteps } from '../../counterexamples/steps.ts'
import { bool, enumeration, flagWord } from '../../model/language/types.ts'
import type { SlotKind } from '../../model/language/lowered.ts'
import { SEED } from '../support/seed.ts'
import { madeTrace, type MadeChange, type MadeStep } from './made_trace.ts'
import { fourCpus, threeCpus } from './many_cpus.ts'
import { faultsOf, isScissorsLine } from './mail_rules.ts'
import { sampleMail, sampleTrace } from './sample_mail.ts'

const golden = (name: string): string => readFileSync(new URL(`golden/${name}.txt`, import.meta.url), 'utf8')
const columns = (text: string): string => text.split('\n\n')[0] ?? ''

describe('the text to paste', () => {
  test('two CPUs side by side', () => {
    expect(renderMail(sampleMail())).toBe(golden('two_cpus'))
  })
  test('two CPUs, folded', () => {
    expect(renderMail(sampleMail(), { fold: true })).toBe(golden('two_cpus_folded'))
  })
  test('three CPUs, one of them with two operations', () => {
    expect(renderMail(sampleMail(threeCpus))).toBe(golden('three_cpus'))
  })
  test('four CPUs below one another', () => {
    expect(renderMail(sampleMail(fourCpus))).toBe(golden('four_cpus'))
  })
  test('a bad initial state has no columns but says so', () => {
    expect(renderMail(sampleMail(madeTrace([])))).toMatch(/^ {2}\[BANG in the initial state: page table freed/)
  })
  test('one step, no switch', () => {
    const text = renderMail({ ...sampleMail(madeTrace([{ thread: 0, frames: [], text: 'x' }])), minimality: '' })
    expect(text).toContain('\n  1 step, 0 context switches\n')
  })
  test('threads without a step have no column', () => {
    const text = columns(renderMail(sampleMail(madeTrace([{ thread: 2, frames: [[0, 'f']], text: 'x' }]))))
    expect(text).toBe('  CPU2\n  f()\n  ----\n  x\n  [BANG: page table freed with the guard marker in it]')
  })
})

describe('brackets', () => {
  const flags = flagWord('vm_flags', ['VM_LOCKED', 'VM_MAYBE_GUARD'])
  const change = (name: string, kind: SlotKind): MadeChange => ({ name, kind, type: bool, from: 0, to: 1 })
  const shown = (...changes: MadeChange[]): string[] =>
    columns(renderMail(sampleMail(madeTrace([{ thread: 0, frames: [], text: 'x', changes }]))))
      .split('\n')
      .filter((line) => line.includes('[') && !line.includes('BANG'))
      .map((line) => line.trim())
  test('only shared variables', () => {
    const kinds: SlotKind[] = ['lock', 'ghost', 'register', 'local', 'pc', 'shared']
    expect(shown(...kinds.map((kind) => change(kind, kind)))).toEqual(['[shared: false -> true]'])
  })
  test('two of them, and no more', () => {
    expect(shown(change('a', 'shared'), change('b', 'shared'))).toEqual(['[a: false -> true]', '[b: false -> true]'])
    expect(shown(change('a', 'shared'), change('b', 'shared'), change('c', 'shared'))).toEqual([
      '[a: false -> true]',
      '[b: false -> true]',
      '[...]',
    ])
  })
  test('bits gained and lost, not the whole word', () => {
    expect(shown({ name: 'flags', kind: 'shared', type: flags, from: 1, to: 2 })).toEqual([
      '[flags: +VM_MAYBE_GUARD -VM_LOCKED]',
    ])
  })
})

describe('calls', () => {
  const body = (steps: readonly MadeStep[], fold = false): string[] =>
    columns(renderMail({ ...sampleMail(madeTrace(steps)), bang: 'bad' }, { fold }))
      .split('----\n')[1]
      ?.split('\n')
      .slice(0, -1) ?? []
  const f = [0, 'f'] as const
  test('a second call of one function is printed again', () => {
    const steps: MadeStep[] = [
      { thread: 0, frames: [f, [1, 'g']], text: 'a' },
      { thread: 0, frames: [f, [2, 'g']], text: 'b' },
      { thread: 0, frames: [f], text: 'c' },
      { thread: 0, frames: [f, [3, 'h'], [4, 'i']], text: 'd' },
    ]
    expect(body(steps)).toEqual(['  g()', '    a', '  g()', '    b', '  c', '  h()', '    i()', '      d'])
  })
  test('a call is not printed again after another thread ran', () => {
    const steps: MadeStep[] = [
      { thread: 0, frames: [f, [1, 'g']], text: 'a' },
      { thread: 1, frames: [f], text: 'b' },
      { thread: 0, frames: [f, [1, 'g']], text: 'c' },
    ]
    expect(body(steps).map((line) => line.trim())).toEqual(['g()', 'a', 'b', 'c'])
  })
  test('each operation of a thread that has several', () => {
    const steps: MadeStep[] = [
      { thread: 0, frames: [f, [1, 'g']], text: 'a' },
      { thread: 0, frames: [[2, 'f']], text: 'b' },
    ]
    expect(body(steps)).toEqual(['  f()', '    g()', '      a', '  f()', '    b'])
  })
  test('folding keeps changes, ends of runs, the bad step, and single steps', () => {
    const changes: MadeChange[] = [{ name: 's', kind: 'shared', type: bool, from: 0, to: 1 }]
    const steps: MadeStep[] = [
      { thread: 0, frames: [f, [1, 'g']], text: 'a' },
      { thread: 0, frames: [f, [1, 'g']], text: 'b' },
      { thread: 0, frames: [f, [2, 'h']], text: 'c', changes },
      { thread: 0, frames: [f, [2, 'h']], text: 'd' },
      { thread: 0, frames: [f, [2, 'h']], text: 'e' },
      { thread: 0, frames: [f, [2, 'h']], text: 'last of its run' },
      { thread: 1, frames: [f], text: 'alone' },
      { thread: 1, frames: [f], text: 'bad' },
    ]
    expect(body(steps, true).map((line) => line.slice(0, 36).trimEnd() || line.trim())).toEqual([
      '  ...',
      '  h()',
      '    c',
      '    [s: false -> true]',
      '    ...',
      '    last of its run',
      'alone',
      'bad',
    ])
  })
})

describe('whatever the names and texts are', () => {
  const nasty = fc.constantFrom(
    '#',
    '---',
    '-- >8 --',
    '8<----',
    '-->8<%<--',
    'From x',
    'Index: a',
    'diff -u',
    '\t',
    '\n',
    '\r',
    '\u0000',
    '\u001b[31m',
    '\u202e',
    '\u2028',
    '\u2192',
    '\ud800',
  )
  const word = fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-z_]{1,12}(\(\))?,?$/) },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z_]{30,120}$/) },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{1,9}((->|[(,|.])[a-z_]{1,20}){1,12}$/) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 2, arbitrary: nasty },
  )
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '))
  const change: fc.Arbitrary<MadeChange> = fc.record({
    name: word,
    kind: fc.constantFrom<SlotKind>('shared', 'lock', 'local', 'ghost', 'pc'),
    type: fc.tuple(word, word).map((values) => enumeration('t', values)),
    from: fc.constant(0),
    to: fc.constant(1),
  })
  const made = (threads: number): fc.Arbitrary<MadeStep> =>
    fc.record({
      thread: fc.nat(threads - 1),
      frames: fc.array(fc.tuple(fc.nat(6), word), { maxLength: 8 }),
      text,
      changes: fc.array(change, { maxLength: 4 }),
      choices: fc.array(fc.record({ name: word, shown: word }), { maxLength: 2 }),
    })
  const trace = fc
    .integer({ min: 1, max: 6 })
    .chain((threads) => fc.array(made(threads), { maxLength: 14 }))
    .map(madeTrace)

  test('the mail has no line that mail or git would harm', () => {
    fc.assert(
      fc.property(trace, text, text, fc.array(text, { maxLength: 2 }), fc.boolean(), (t, title, bang, lines, fold) => {
        const property = { name: title, statement: bang }
        const input = { trace: t, id: '0123456789ab', title, bang, property, minimality: title }
        expect(faultsOf(renderMail({ ...input, scope: lines, assumptions: lines, readFrom: title }, { fold }))).toEqual(
          [],
        )
      }),
      { numRuns: 200, seed: SEED },
    )
  })
  test('nor has the step table, whatever its width', () => {
    fc.assert(
      fc.property(trace, (t) => {
        expect(faultsOf(renderSteps(t))).toEqual([])
        for (const width of [40, 60, 132])
          for (const line of renderSteps(t, { width }).split('\n')) expect(line.length).toBeLessThanOrEqual(width)
      }),
      { numRuns: 50, seed: SEED },
    )
  })
  test('names that fit a line are never cut', () => {
    const name = fc.stringMatching(/^[a-z][a-z_]{1,28}[a-z]$/)
    const called = fc.record({
      thread: fc.nat(3),
      frames: fc.array(fc.tuple(fc.nat(6), name), { maxLength: 4 }),
      text: fc
        .array(name, { minLength: 1, maxLength: 4 })
        .map((names) => `${names[0] ?? ''}(${names.slice(1).join(', ')})`),
    })
    fc.assert(
      fc.property(fc.array(called, { minLength: 1, maxLength: 10 }), (steps) => {
        const words = new Set(columns(renderMail(sampleMail(madeTrace(steps)))).split(/[^a-z_]+/))
        for (const step of steps) for (const wanted of step.text.split(/[^a-z_]+/)) expect(words).toContain(wanted)
      }),
      { numRuns: 200, seed: SEED },
    )
  })
  test('the rules themselves know bad lines', () => {
    for (const line of [
      '# x',
      '--- a',
      'From x',
      '  a\tb',
      `  ${'x'.repeat(74)}`,
      'x',
      '  -- >8 --',
      '  \u2192',
      '  x ',
    ])
      expect(faultsOf(`${line}\n`)).not.toEqual([])
    expect(isScissorsLine('  if (order > 8) return -EINVAL')).toBe(false)
  })
})

test('the step table', () => {
  expect(renderSteps(sampleTrace())).toBe(golden('steps'))
})
