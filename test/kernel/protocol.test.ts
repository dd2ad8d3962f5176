/** The words between mmcheck and its helper: no compiler and no kernel are needed for them. */
import { describe, expect, test } from 'vitest'
import { by, madvise, mapBacking, op, processMadvise, read } from '../../kernel/probe/operations.ts'
import { decode, decodeGreeting, encode, showResult } from '../../kernel/probe/protocol.ts'
import { chooseModel } from '../../kernel/probe/choose.ts'
import type { Feature } from '../../kernel/probe/features.ts'

test('a request is one line of words', () => {
  const ops = [
    madvise(3, 2, 'guard_install'),
    by(1, read(3)),
    processMadvise(-10_000, 'guard_remove', [
      [1, 2],
      [9, 1],
    ]),
  ]
  expect(encode(7, { ops, timeoutMs: 50 })).toBe(
    '7 50;0 madvise 3 2 102;1 read 3;0 process_madvise -10000 103 1 2 9 1\n',
  )
  expect(encode(0, { ops: [] })).toBe('0 2000\n')
})

test('only integers get to the helper', () => {
  expect(() => encode(1, { ops: [op('read', 1.5)] })).toThrow('no integer')
  expect(() => encode(1, { ops: [op('read', NaN)] })).toThrow('no integer')
})

describe('an answer', () => {
  const answer = (ops: string, end = 'exit'): string => `{"id":3,"end":"${end}","how":0,"ops":[${ops}]}`

  test('results, errors, signals and what did not happen', () => {
    const { id, observed } = decode(
      answer(
        '[2,5,0,0,0],[2,-1,22,0,0],[2,-1,0,11,1],[2,0,0,0,0,[1,0]],[1,0,0,0,0],[0,0,0,0,0],[3,0,0,0,0]',
        'timeout',
      ),
    )
    expect(id).toBe(3)
    expect(observed.end).toBe('timeout')
    expect(observed.ops.map(showResult)).toEqual([
      '5',
      '-EINVAL',
      'SIGSEGV (code 1)',
      '[1,0]',
      'unfinished',
      'not-run',
      'no-process',
    ])
  })

  test.each([['{"id":1}'], ['nonsense'], ['[]'], [answer('[1]')], [answer('["a",0,0,0,0]')]])('refuses %s', (line) => {
    expect(() => decode(line)).toThrow()
  })

  test('a refusal of the helper is an error of ours', () => {
    expect(() => decode('{"id":1,"end":"refused","how":0,"ops":[],"why":"argument"}')).toThrow('argument')
    expect(() => decodeGreeting('{"probe":2,"page":4096}')).toThrow()
    expect(decodeGreeting('{"probe":1,"page":4096}')).toBe(4096)
  })
})

test('every backing ends in its mapping', () => {
  const last = (b: Parameters<typeof mapBacking>[0]): string => mapBacking(b, 0, 4).at(-1)?.args.join() ?? ''
  expect(last('anon-private')).toBe('0,4,3,34,-1,0')
  expect(last('memfd-shared')).toBe('0,4,3,1,0,0')
  expect(last('file-private')).toBe('0,4,3,2,0,0')
  expect(last('file-readonly')).toBe('0,4,1,1,0,0')
})

// What is known of each release: facts of the guard-region dossier, 0.2 and 1.1, and of the running kernel.
const FILES: readonly Feature[] = ['anon-guards', 'file-guards', 'userfaultfd']
const SERIES: readonly Feature[] = [...FILES, 'maybe-guard']
test.each<[string, readonly Feature[], string | undefined, string]>([
  ['6.12.1', [], undefined, ''],
  ['6.13.0', ['anon-guards'], 'v6.13', 'anonymous memory alone'],
  ['6.15.2-arch1', FILES, 'v6.15', 'before v6.17'],
  ['6.16.0', FILES, 'v6.15', 'before v6.17'],
  ['6.17.0', FILES, 'v6.18', 'v6.17 or later'],
  ['6.18.2', FILES, 'v6.18', "no 'gu'"],
  ['6.18.44-fc', SERIES, 'v6.18.37', 'UFFDIO_COPY replaces a guard'],
  ['6.18.44-fc', SERIES.filter((f) => f !== 'userfaultfd'), 'v6.18.37', 'before v6.19 by its number'],
  ['6.19.0', [...SERIES, 'uffd-keeps-guards'], 'v6.19', 'UFFDIO_COPY refuses'],
  ['6.19.0', SERIES.filter((f) => f !== 'userfaultfd'), 'v6.19', 'v6.19 or later by its number'],
  ['7.0.0-rc6', [...SERIES, 'uffd-keeps-guards'], 'v7.0', 'v7.0 or later'],
])('Linux %s with %j is held against %s', (release, features, model, why) => {
  const choice = chooseModel({ release, features: new Set(features) })
  expect(choice?.model.name).toBe(model)
  expect(choice?.why ?? '').toContain(why)
})
