/** What `prove` tells of a claim that is neither proved nor violated: nothing that was found is left out, and nothing more is said than was shown. */
import { describe, expect, test } from 'vitest'
import type { Answer } from '../../cli/commands/prove_answer.ts'
import { answeredText, forJson, type Answered } from '../../cli/commands/prove_text.ts'
import { contradiction, failing, type SizeDocument } from '../../cli/proof_sizes.ts'

const cti = {
  lemmaText: 'every page p: p has a VMA',
  from: 'a',
  to: 'b',
  text: 'p.vma = nil',
  threads: [{ name: 'P0', at: 'a' }],
  objects: ['page 1'],
  shown: [],
}

const claim = { claim: 'it holds', verdict: 'unknown', labels: 1, lemmas: [], broken: [] } as const

const told = (answer: Answer): Answered => ({
  proof: {
    ...{ property: 'FlagSound', statement: 'so it is.', core: 'tables', kernel: 'v7.0', without: [], operations: [] },
    ...{ claims: [claim], support: [], queries: { found: 0, checked: 0 } },
  },
  origin: 'found anew',
  answers: [{ claim, answer }],
})

const search = { where: 'here', states: 7, depth: 3, complete: true, vacuous: false }

describe.each<Answer>([
  { kind: 'unknown', cti },
  { kind: 'sizes', searches: [search], why: 'a search found no proof', cti },
  { kind: 'bounded', searches: [{ ...search, complete: false }], why: 'a search found no proof', cti },
])('a step that breaks a lemma is shown where the answer is $kind', (answer) => {
  test('to a reader', () => {
    expect(answeredText(told(answer), false).replace(/\s+/g, ' ')).toContain(`step a: ${cti.text}`)
  })
  test('as JSON', () => {
    expect(JSON.parse(JSON.stringify(forJson(told(answer))))).toHaveProperty('claims.0.cti.lemmaText', cti.lemmaText)
  })
})

test('only of a lemma that is proved is it said that the solver shows it', () => {
  const size: SizeDocument = { threads: 1, pages: 2, states: 5, depth: 2, whole: false }
  const broken: SizeDocument = { ...size, broken: { lemma: 'p != q', run: ['a', 'b'] } }
  expect(failing([size])).toBeUndefined()
  expect(contradiction([size])).toBeUndefined()
  expect(failing([size, broken])).toBe('a lemma that fails with 1 thread and 2 pages: p != q, after a, b')
  expect(contradiction([size, broken])).toBe(`the solver shows ${failing([broken]) ?? ''}`)
})
