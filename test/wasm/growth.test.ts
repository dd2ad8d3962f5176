/** A table that becomes larger by and by says what the reference interpreter says, wherever in its growth one looks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchReference } from '../../solver/reference/search.ts'
import type { Image } from '../../solver/wasm/checkpoint.ts'
import { LIMITS, type Limits } from '../../solver/wasm/limits.ts'
import { GLOBALS } from '../../solver/wasm/plan.ts'
import { searchTogether, searchWasm } from '../../solver/wasm/search.ts'
import { words } from '../engines/budgets.ts'
import { counters, philosophers, tokenRing } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { mesh, tree, woven } from './models.ts'
import { breathe, wasm } from './words.ts'

/** So slow that a table of some hundred states is seldom moved before it is too full. */
const SLOW: Limits = { ...LIMITS, section: 4, small: 0, pace: 1 / 8 }
/** Sections of one bucket or two, which are full long before the table is. */
const FULL: readonly Limits[] = [0, 1].map((section) => ({ ...SLOW, section }))
/** Beyond the first memory before the last growth is over. */
const BEYOND: Limits = { ...SLOW, section: 2, buckets: 6, chunk: 3, ring: 8, part: 3, batch: 64 }
/** The same, because the states have no more room. */
const BEYOND_BY_STATES: Limits = { ...BEYOND, buckets: 24, ring: 6 }

function found(model: LoweredModel, limits: Limits): unknown {
  const answer = searchWasm(model, { limits })
  return answer.ok && words(answer.result)
}

async function foundTogether(model: LoweredModel, limits: Limits, workers: number): Promise<unknown> {
  const answer = await searchTogether(model, { limits }, { workers, alone: 0, least: 2, chunk: 16 })
  return answer.ok && words(answer.result)
}

/** Copies of images between any two chunks, and what is found in the end. */
function watched(model: LoweredModel, limits: Limits): { readonly images: readonly Image[]; readonly whole: unknown } {
  const images: Image[] = []
  const save = ({ figures, memory }: Image): void => {
    images.push({ figures: structuredClone(figures), memory: memory.slice() })
  }
  const whole = searchWasm(model, { limits, images: { due: () => true, save } })
  return { images, whole }
}

const valueOf = ({ figures }: Image, name: keyof typeof GLOBALS): number =>
  figures.globals[Object.keys(GLOBALS).indexOf(name)] ?? 0
const isGrowing = (image: Image): boolean => valueOf(image, 'old') !== 0 && valueOf(image, 'moved') !== 0

describe('growing = reference', () => {
  test.each([
    ['counters', counters([12, 12, 12]), [SLOW, BEYOND, BEYOND_BY_STATES]],
    ['philosophers', philosophers(8), [SLOW, BEYOND]],
    ['a token ring', tokenRing(4, 3), [SLOW, ...FULL]],
    ['a mesh, where each state has a value of its own', mesh(3, 12), [SLOW, BEYOND]],
    ['a weave, the states of which become wider on the way', woven(3, 12), [SLOW, BEYOND]],
    ['a tree, where no state comes twice', tree(10), [SLOW, ...FULL, BEYOND, BEYOND_BY_STATES]],
  ])('%s', (_, model, limits) => {
    const truth = words(searchReference(model))
    for (const l of limits) expect(found(model, l)).toEqual(truth)
  })

  test('random models', async () => {
    const runs = { numRuns: Number(process.env['MMCHECK_RUNS'] ?? 20) }
    await fc.assert(
      fc.asyncProperty(arbitraryModel, async (model) => {
        await breathe()
        expect(found(model, SLOW)).toEqual(words(searchReference(model)))
      }),
      runs,
    )
  })
})

describe('by several workers', () => {
  test.each([2, 3])('%d', async (workers) => {
    for (const model of [counters([12, 12, 12]), tree(10)]) {
      const truth = words(searchReference(model))
      for (const limits of [SLOW, BEYOND]) expect(await foundTogether(model, limits, workers)).toEqual(truth)
    }
  })

  test('a section that is full before the others is no error', async () => {
    for (const limits of FULL) expect(await foundTogether(tree(10), limits, 2)).toEqual(words(wasm(tree(10))))
  })
})

describe('images', () => {
  test('one in the midst of a growth is as good as any, bytes included', () => {
    const { images, whole } = watched(counters([15, 15, 15]), SLOW)
    const amid = images.filter(isGrowing)
    expect(amid.length).toBeGreaterThan(3)
    for (const from of amid) {
      const images = { from, due: () => false, save: () => undefined }
      expect(searchWasm(counters([15, 15, 15]), { limits: SLOW, images })).toEqual(whole)
    }
  })

  test('a table of entries of 64 bits is followed by one of 32', () => {
    // States of 36 bits, of which an entry of 32 has room for 27: the others must tell the bucket.
    const model = counters([3, 3, 2, 2, 1, 1, 1, 1, 1])
    const { images } = watched(model, SLOW)
    const narrower = images.filter((i) => isGrowing(i) && valueOf(i, 'oldNarrow') !== valueOf(i, 'narrow'))
    expect(narrower.length).toBeGreaterThan(0)
    expect(found(model, SLOW)).toEqual(words(searchReference(model)))
  })
})

test('a budget of memory that ends a growth ends the search cleanly, or frees what the old table takes', () => {
  const model = counters([24, 24, 24])
  const whole = searchWasm(model, { limits: SLOW })
  if (!whole.ok) throw new Error(whole.reason)
  let before = 0
  for (const share of [0.5, 0.6, 0.7, 0.8, 0.9, 0.97]) {
    const maxBytes = Math.floor(share * whole.result.bytes)
    const answer = searchWasm(model, { limits: SLOW, maxBytes })
    if (!answer.ok) throw new Error(answer.reason)
    const { incomplete, bytes, states } = answer.result
    if (incomplete !== undefined) expect(incomplete).toEqual({ kind: 'memory', limitBytes: maxBytes })
    expect(incomplete === undefined).toBe(states === 25 ** 3)
    expect(bytes).toBeLessThanOrEqual(maxBytes)
    expect(states).toBeGreaterThanOrEqual(before)
    before = states
  }
})
