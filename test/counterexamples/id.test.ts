import fc from 'fast-check'
import { expect, test } from 'vitest'
import { counterexampleId, idSteps, type IdInput } from '../../counterexamples/id.ts'
import { SEED } from '../support/seed.ts'
import { sampleTrace } from './sample_mail.ts'

const input: IdInput = {
  scenario: '{ shmem f[2]; }',
  kernel: 'v6.13',
  property: 'NoTableWithMarkerFreed',
  steps: idSteps(sampleTrace()),
}

test('the id of the sample never changes', () => {
  expect(counterexampleId(input)).toBe('67a3f0418942')
})

test('it is 12 digits and depends on every part', () => {
  const [first, second, ...rest] = input.steps
  if (first === undefined || second === undefined) throw new Error('the sample is too short')
  const variants: IdInput[] = [
    input,
    { ...input, scenario: `${input.scenario} ` },
    { ...input, kernel: 'v6.14' },
    { ...input, property: 'GuardStays' },
    { ...input, steps: [second, first, ...rest] },
    { ...input, steps: [second, ...rest] },
    { ...input, steps: [{ ...first, thread: 'P2' }, second, ...rest] },
    { ...input, steps: [{ ...first, label: 'x' }, second, ...rest] },
    { ...input, steps: [{ ...first, choices: ['true'] }, second, ...rest] },
    { ...input, steps: [] },
  ]
  const ids = variants.map(counterexampleId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/)
  expect(new Set(ids).size).toBe(variants.length)
})

test('text cannot move from one part to the next', () => {
  const part = fc.string({ maxLength: 4 })
  const step = fc.record({ thread: part, label: part, choices: fc.array(part, { maxLength: 2 }) })
  const any = fc.record({ scenario: part, kernel: part, property: part, steps: fc.array(step, { maxLength: 3 }) })
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(counterexampleId(a) === counterexampleId(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
    { seed: SEED },
  )
  const joined = (scenario: string, kernel: string): string => counterexampleId({ ...input, scenario, kernel })
  expect(joined('ab', 'c')).not.toBe(joined('a', 'bc'))
  expect(joined('a","b', 'c')).not.toBe(joined('a', 'b","c'))
})
