/** What an item that extends another guesses: all that it would, less what a search of the other has lost. */
import { describe, expect, it } from 'vitest'
import { nativeZ3 } from '../../cli/proofs.ts'
import { searched } from '../../cli/search_proof.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { truth } from '../../model/language/expr.ts'
import { extended } from '../../solver/prove/extend.ts'
import { ITEMS, type Item } from '../../solver/prove/items.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import { attempt, prepare, type Attempt, type Prepared } from '../../solver/prove/prove.ts'

const z3 = nativeZ3()
const limits = { queryMs: 300_000, ...(z3 === undefined ? {} : { solver: z3 }) }
const all = process.env['MMCHECK_PROVE'] === 'all'

function preparedOf(core: string, kernel = 'v7.0'): Prepared {
  const item = ITEMS.find((i) => i.core.name === core)
  const found = findKernel(kernel)
  if (item === undefined || found === undefined) throw new Error(core)
  return prepare(item, found, [])
}
const lemma = (name: string, labels?: readonly number[]): Lemma => ({
  ...{ name, vars: [], body: truth(true) },
  ...(labels === undefined ? {} : { labels: new Set(labels) }),
})

describe('the guesses of an item that extends another', () => {
  it('are its own, at the labels at which the other has not lost them', () => {
    const prepared = preparedOf('anonymous memory')
    const asked = [
      lemma('kept', [1, 2]),
      lemma('some', [1, 2, 3]),
      lemma('some', [4]),
      lemma('none', [5]),
      lemma('gone'),
    ]
    const left = [lemma('kept', [1, 2]), lemma('some', [2]), lemma('some', [4])]
    const of: Attempt = { ...blank(prepared), asked, inductive: left, unreached: new Set([3]) }
    const mine = [
      lemma('kept', [1, 2, 6]),
      lemma('some', [1, 2, 3, 4]),
      lemma('none', [5]),
      lemma('gone'),
      lemma('new', [1]),
    ]
    const { prepared: rest, kept, lost } = extended({ ...prepared, guesses: [...mine, lemma('kept')] }, of)
    expect(rest.guesses.map((l) => [l.name, l.labels && [...l.labels]])).toEqual([
      // A label that only this model has.
      ['kept', [1, 2, 6]],
      // Nobody came to label 3, so that nothing was lost there.
      ['some', [2, 3, 4]],
      ['new', [1]],
      // The same of all states is another guess.
      ['kept', undefined],
    ])
    expect([kept, lost]).toEqual([2, 2])
    expect(rest.claims).toBe(prepared.claims)
  })

  it.skipIf(!all)(
    'prove of a small model what they prove without it',
    async () => {
      const prepared = preparedOf('anonymous memory')
      const first = await attempt(prepared, limits)
      const again = await attempt(extended(prepared, first).prepared, limits)
      expect(again.proof.claims.map((c) => c.verdict)).toEqual(['proved'])
      expect(again.inductive.length).toBe(first.inductive.length)
      expect(again.proof.queries.found).toBeLessThan(first.proof.queries.found)
    },
    120_000,
  )
})

describe('items that extend another', () => {
  const extending = ITEMS.filter((i): i is Item & { readonly extends: string } => i.extends !== undefined)

  it('name one of the same property', () => {
    expect(extending.length).toBeGreaterThan(0)
    for (const i of extending)
      expect(ITEMS.some((x) => x.property === i.property && x.core.name === i.extends && x !== i)).toBe(true)
  })

  it.skipIf(!all).each([
    ['fork and promises', 'v7.0'],
    ['fork', 'v6.18.37'],
  ])(
    'are proved from nothing: %s on %s',
    async (core, kernel) => {
      const { found, origin } = await searched(preparedOf(core, kernel), limits, new Map())
      expect(found.proof.claims.map((c) => c.verdict)).toEqual(['proved'])
      expect(origin).toMatch(/fork of shmem/)
    },
    3_600_000,
  )
})

/** An attempt at nothing. */
function blank({ item, setup }: Prepared): Attempt {
  const { name: core, operations } = item.core
  return {
    ...{ setup, claims: [], all: [], lemmas: [], guessed: [], unmet: [], asked: [], inductive: [] },
    unreached: new Set(),
    proof: {
      ...{
        property: item.property,
        statement: item.statement,
        core,
        kernel: setup.kernel.name,
        without: [],
        operations,
      },
      ...{ claims: [], support: [], queries: { found: 0, checked: 0 } },
    },
  }
}
