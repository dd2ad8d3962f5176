/** Claims that no code of a kernel is about: they are not proved of nothing. */
import { describe, expect, it } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import { bound, ne } from '../../model/language/expr.ts'
import { page, table } from '../../model/mm/mm_types.ts'
import { holdAgainst } from '../../solver/prove/explicit.ts'
import { SMALLEST } from '../../solver/prove/explore.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import { prepare, type Prepared } from '../../solver/prove/prove.ts'
import { said } from '../nightly/in_process.ts'

function preparedOf(core: string, kernel: string): Prepared {
  const item = ITEMS.find((i) => i.property === 'ForkKept' && i.core.name === core)
  const found = findKernel(kernel)
  if (item === undefined || found === undefined) throw new Error(`${core} on ${kernel}`)
  return prepare(item, found, [])
}

describe('of files on v6.13, which have no guards there', () => {
  it.each(['fork of shmem', 'fork', 'fork and promises'])('nothing is claimed: %s', (core) => {
    const lemmasOn = (kernel: string): readonly Lemma[] => preparedOf(core, kernel).claims.flatMap((c) => c.lemmas)
    expect(lemmasOn('v6.13')).toEqual([])
    expect(lemmasOn('v6.15')).toHaveLength(1)
  })

  it('no state has a marker, so that a proof would be of nothing', () => {
    const [t, p] = [bound('t', 'table'), bound('p', 'page')]
    const vars = [
      { name: 't', set: 'table' },
      { name: 'p', set: 'page' },
    ]
    const none: Lemma = { name: 'none', vars, body: ne(table.pte(t, page.slot(p)), 'guard') }
    for (const sizes of SMALLEST.slice(0, 2)) {
      expect(holdAgainst(preparedOf('fork of shmem', 'v6.13').setup, [none], sizes).complete).toBe(true)
      expect(holdAgainst(preparedOf('fork of shmem', 'v6.15').setup, [none], sizes).broken).toBe('none')
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
