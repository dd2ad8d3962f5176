/** Claims that no code of a kernel is about: they are not proved of nothing. */
import { describe, expect, it } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import { bound, ne } from '../../model/language/expr.ts'
import { page, table } from '../../model/mm/mm_types.ts'
import { holdAgainst } from '../../solver/prove/explicit.ts'
import { SMALLEST } from '../../solver/prove/explore.ts'
import { ITEMS, type Item } from '../../solver/prove/items.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import { prepare, type Prepared } from '../../solver/prove/prove.ts'
import { said } from '../nightly/in_process.ts'

function preparedOf(item: Item | undefined, kernel: string): Prepared {
  const found = findKernel(kernel)
  if (item === undefined || found === undefined) throw new Error(kernel)
  return prepare(item, found, [])
}
const ofFork = (kernel: string): Prepared =>
  preparedOf(
    ITEMS.find((i) => i.core.name === 'fork of shmem'),
    kernel,
  )
const ofFiles = ITEMS.filter((i) => i.property !== 'LockExclusion' && i.core.world !== 'anon')

describe('of files on v6.13, which have no guards there', () => {
  it.each(ofFiles.map((i) => [i.property, i.core.name, i] as const))('nothing is claimed: %s (%s)', (_, __, item) => {
    const lemmasOn = (kernel: string): readonly Lemma[] => preparedOf(item, kernel).claims.flatMap((c) => c.lemmas)
    expect(lemmasOn('v6.13')).toEqual([])
    expect(lemmasOn('v6.15').length).toBeGreaterThan(0)
  })
  it('that is most of the core list, and anonymous memory is not of it', () => {
    expect(ofFiles).toHaveLength(12)
    const anon = ITEMS.filter((i) => i.property !== 'LockExclusion' && i.core.world === 'anon')
    expect(anon).toHaveLength(2)
    for (const i of anon) expect(preparedOf(i, 'v6.13').claims.flatMap((c) => c.lemmas).length).toBeGreaterThan(0)
  })

  it('no state has a marker, so that a proof would be of nothing', () => {
    const [t, p] = [bound('t', 'table'), bound('p', 'page')]
    const vars = [
      { name: 't', set: 'table' },
      { name: 'p', set: 'page' },
    ]
    const none: Lemma = { name: 'none', vars, body: ne(table.pte(t, page.slot(p)), 'guard') }
    for (const sizes of SMALLEST.slice(0, 2)) {
      expect(holdAgainst(ofFork('v6.13').setup, [none], sizes).complete).toBe(true)
      expect(holdAgainst(ofFork('v6.15').setup, [none], sizes).broken).toBe('none')
    }
  })

  it('no solver is asked', async () => {
    const ran = await said([
      'prove',
      '--kernel',
      'v6.13',
      '--core',
      'fork of shmem',
      '--solver',
      'no-such-solver',
      '--json',
    ])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject({ proofs: [{ claims: [{ verdict: 'absent' }] }] })
  })
})
