/** A search of the WebAssembly engine that goes on from an image ends as one that nothing disturbed. */
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Image } from '../../solver/wasm/checkpoint.ts'
import { searchWasm } from '../../solver/wasm/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'

const modelOf = (name: string, kernel: string): LoweredModel => lowerScenario(scenarioOn(name, kernel)).model

/** Copies, since the search goes on writing to what it shows. */
const copyOf = ({ figures, memory }: Image): Image => ({
  figures: structuredClone(figures),
  memory: memory.slice(),
})

/** Images that a search could have left, where `due` says so, and where it ends at a limit. */
function images(model: LoweredModel, due: () => boolean, maxStates = Infinity): readonly Image[] {
  const kept: Image[] = []
  searchWasm(model, { maxStates, images: { due, save: (i) => kept.push(copyOf(i)) } })
  return kept
}

/** Every `n`th time. */
function each(n: number): () => boolean {
  let asked = 0
  return () => asked++ % n === 0
}

const never = { due: () => false, save: () => undefined }

describe.each([
  // Violated; and with a table, an arena and memos that grow.
  ['install+collapse', 'v6.15', 7],
  ['install-remove-read+read', 'v6.15', 17],
] as const)('%s on %s', (name, kernel, n) => {
  const model = modelOf(name, kernel)
  const whole = searchWasm(model)

  test('ends the same from every image, bytes included', () => {
    expect(whole.ok).toBe(true)
    const kept = images(model, each(n))
    expect(kept.length).toBeGreaterThan(3)
    for (const from of kept) expect(searchWasm(model, { images: { ...never, from } })).toEqual(whole)
  })

  test('a search that a limit of states ended goes on with another limit', () => {
    const [from, more] = images(model, never.due, 700)
    if (from === undefined || more !== undefined) throw new Error('not one image')
    expect(searchWasm(model, { images: { ...never, from } })).toEqual(whole)
  })
})

test('an image of another model is not taken up', () => {
  const [from] = images(modelOf('install+read', 'v7.0'), each(1))
  if (from === undefined) throw new Error('no image')
  for (const other of [modelOf('install-remove-read+read', 'v6.15'), modelOf('install+read', 'v6.15')])
    expect(() => searchWasm(other, { images: { ...never, from } })).toThrow('not one of this model')
})
