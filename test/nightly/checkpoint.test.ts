/** A search that goes on from a checkpoint ends as one that nothing disturbed: to the last count and move. */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openWriter, readCheckpoint, type CheckpointOf } from '../../cli/nightly/checkpoint_file.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Snapshot } from '../../solver/explicit/checkpoint.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { inDirectory } from '../cli/spawn.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'

const modelOf = (name: string, kernel: string): LoweredModel => lowerScenario(scenarioOn(name, kernel)).model

const OF: CheckpointOf = { cell: 'a @ v7.0', model: '1', code: '2', version: '0.1.0' }

/** Copies, since the search goes on writing to what it shows. */
const copyOf = ({ figures, arena, parents }: Snapshot): Snapshot => ({
  figures: structuredClone(figures),
  arena: arena.slice(),
  parents: parents.slice(),
})

/** Every `n`th of the snapshots that a search could have left. */
function snapshots(model: LoweredModel, n: number): readonly Snapshot[] {
  const kept: Snapshot[] = []
  let asked = 0
  const save = (s: Snapshot): void => void kept.push(copyOf(s))
  searchExplicit(model, { checkpoints: { due: () => asked++ % n === 0, save } })
  return kept
}

const never = { due: () => false, save: () => undefined }

describe.each([
  // Violated; and more than one chunk to a level, with a table that grows.
  ['install+collapse', 'v6.15', 7],
  ['install-remove-read+read', 'v6.15', 40],
] as const)('%s on %s', (name, kernel, n) => {
  const model = modelOf(name, kernel)
  const whole = searchExplicit(model)

  test('ends the same from every checkpoint', () => {
    const kept = snapshots(model, n)
    expect(kept.length).toBeGreaterThan(3)
    for (const from of kept) expect(searchExplicit(model, { checkpoints: { ...never, from } })).toEqual(whole)
  })
})

test('a search that ends at a limit leaves a checkpoint, and goes on from it with another limit', () => {
  const model = modelOf('install+collapse', 'v7.0')
  const whole = searchExplicit(model)
  for (const maxStates of [1, 2, 100, Math.floor(whole.states / 2)]) {
    const kept: Snapshot[] = []
    const cut = searchExplicit(model, {
      maxStates,
      checkpoints: { due: () => false, save: (s) => kept.push(copyOf(s)) },
    })
    expect(cut.incomplete).toEqual({ kind: 'states', limit: maxStates })
    const [from] = kept
    if (from === undefined) throw new Error('no checkpoint')
    expect(searchExplicit(model, { checkpoints: { ...never, from } })).toEqual(whole)
  }
})

test('a snapshot of another model is not taken up', () => {
  const [from] = snapshots(modelOf('install+read', 'v7.0'), 1000)
  if (from === undefined) throw new Error('no checkpoint')
  const other = modelOf('install+read', 'v6.15')
  expect(() => searchExplicit(other, { checkpoints: { ...never, from } })).toThrow('not one of this model')
})

describe('on disk', () => {
  const model = modelOf('install+collapse', 'v6.15')
  const kept = snapshots(model, 9)

  /** Writes some snapshots one after the other, as a search does. */
  const write = (directory: string, some: readonly Snapshot[]): void => {
    const writer = openWriter(directory, OF, undefined, () => true)
    for (const [i, s] of some.entries()) writer.save(s, i)
    writer.close()
  }

  test('what is read is what was written, also by a writer that went on', async () => {
    await inDirectory(async (cwd) => {
      const directory = join(cwd, 'c')
      write(directory, kept.slice(0, 2))
      const first = readCheckpoint(directory, OF)
      if (!first.ok || first.value === undefined) throw new Error('unread')
      expect(first.value.snapshot).toEqual(kept[1])
      const writer = openWriter(directory, OF, first.value, () => true)
      for (const s of kept.slice(2)) writer.save(s, 7)
      writer.close()
      const second = readCheckpoint(directory, OF)
      expect(second).toMatchObject({ ok: true, value: { snapshot: kept.at(-1), ms: 7 } })
      await Promise.resolve()
    })
  })

  test('a writer that nobody wants any longer leaves the last checkpoint as it was', async () => {
    await inDirectory(async (cwd) => {
      const directory = join(cwd, 'c')
      let wanted = true
      const writer = openWriter(directory, OF, undefined, () => wanted)
      for (const s of kept.slice(0, 2)) writer.save(s, 0)
      wanted = false
      for (const s of kept.slice(2)) writer.save(s, 0)
      writer.close()
      expect(readCheckpoint(directory, OF)).toMatchObject({ ok: true, value: { snapshot: kept[1] } })
      await Promise.resolve()
    })
  })

  test.each([
    ['another cell', { cell: 'b @ v7.0' }, 'of another model'],
    ['another model', { model: '9' }, 'of another model'],
    ['other program text', { code: '9' }, 'of another version'],
    ['another version', { version: '0.2.0' }, 'of another version of mmcheck (0.1.0)'],
  ])('%s is refused', async (_, other, message) => {
    await inDirectory(async (cwd) => {
      write(join(cwd, 'c'), kept)
      const read = readCheckpoint(join(cwd, 'c'), { ...OF, ...other })
      expect(read.ok ? '' : read.error).toContain(message)
      await Promise.resolve()
    })
  })

  test('a byte that changed anywhere is found', async () => {
    await inDirectory(async (cwd) => {
      const directory = join(cwd, 'c')
      for (const name of ['head.json', 'states.bin']) {
        write(directory, kept)
        const path = join(directory, name)
        const { size } = statSync(path)
        for (let at = 0; at < size; at += Math.ceil(size / 25)) {
          const bytes = readFileSync(path)
          const damaged = Buffer.from(bytes)
          damaged[at] = (damaged[at] ?? 0) ^ 0x10
          writeFileSync(path, damaged)
          const read = readCheckpoint(directory, OF)
          expect(read.ok ? `${name} at ${at} was read` : read.error).toContain('is damaged')
          writeFileSync(path, bytes)
        }
      }
      truncateSync(join(directory, 'states.bin'), 40)
      const short = readCheckpoint(directory, OF)
      expect(short.ok ? '' : short.error).toContain('states are missing')
      await Promise.resolve()
    })
  })

  test('bytes that no head knows of do no harm', async () => {
    await inDirectory(async (cwd) => {
      const directory = join(cwd, 'c')
      write(directory, kept)
      writeFileSync(join(directory, 'states.bin'), Buffer.alloc(1000, 7), { flag: 'a' })
      expect(readCheckpoint(directory, OF)).toMatchObject({ ok: true, value: { snapshot: kept.at(-1) } })
      await Promise.resolve()
    })
  })
})
