import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toJson } from '../../counterexamples/json.ts'
import type { Result } from '../../counterexamples/result.ts'
import {
  findCounterexample,
  listCounterexamples,
  loadCounterexample,
  saveCounterexample,
  type StoreError,
} from '../../counterexamples/store.ts'
import { sampleFile } from './sample_file.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mmcheck-store-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

const kindOf = (result: Result<unknown, StoreError>): string => (result.ok ? 'ok' : result.error.kind)
const save = async (id: string): Promise<void> => {
  expect(kindOf(await saveCounterexample(directory, sampleFile(id)))).toBe('ok')
}

test('what is saved is loaded, and nothing else lies about', async () => {
  const nested = join(directory, 'a', 'b')
  const saved = await saveCounterexample(nested, sampleFile())
  expect(saved).toEqual({ ok: true, value: join(nested, '3f9c1a77d20e.json') })
  expect(await loadCounterexample(nested, '3f9c1a77d20e')).toEqual({ ok: true, value: sampleFile() })
  expect(await readFile(join(nested, '3f9c1a77d20e.json'), 'utf8')).toBe(toJson(sampleFile()))
  expect(await readdir(nested)).toEqual(['3f9c1a77d20e.json'])
})

test('saving again replaces; many at once leave one whole file', async () => {
  await save('3f9c1a77d20e')
  const titles = Array.from({ length: 8 }, (_, i) => `title ${i}`)
  await Promise.all(titles.map((title) => saveCounterexample(directory, { ...sampleFile(), title })))
  const loaded = await loadCounterexample(directory, '3f9c1a77d20e')
  expect(loaded.ok && titles.includes(loaded.value.title)).toBe(true)
  expect(await readdir(directory)).toEqual(['3f9c1a77d20e.json'])
})

test('the list is sorted and passes over other files', async () => {
  expect(await listCounterexamples(join(directory, 'none'))).toEqual({ ok: true, value: [] })
  await save('bbbbbbbbbbbb')
  await save('aaaaaaaaaaaa')
  for (const name of ['README', 'aaaa.json', '.cccccccccccc.1.tmp', 'cccccccccccc.json.txt'])
    await writeFile(join(directory, name), '{}')
  expect(await listCounterexamples(directory)).toEqual({ ok: true, value: ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] })
})

test('found by any prefix that is its alone', async () => {
  await save('3f9c1a77d20e')
  await save('3f9c1b000000')
  for (const prefix of ['3f9c1a', '3f9c1a77d20e'])
    expect(await findCounterexample(directory, prefix)).toEqual({ ok: true, value: sampleFile() })
  expect(await findCounterexample(directory, '3f9c')).toEqual({
    ok: false,
    error: {
      kind: 'ambiguous',
      message: '3f9c may be any of 3f9c1a77d20e, 3f9c1b000000',
      ids: ['3f9c1a77d20e', '3f9c1b000000'],
    },
  })
  expect(kindOf(await findCounterexample(directory, 'ffff'))).toBe('none')
})

test.each(['', '3f9', '3f9c1a77d20e0', '3F9C', '../x', '....', '3f9c*'])('%j is no prefix', async (prefix) => {
  await save('3f9c1a77d20e')
  expect(kindOf(await findCounterexample(directory, prefix))).toBe('bad-id')
})

test('an id that is a path is neither read nor written', async () => {
  expect(kindOf(await loadCounterexample(directory, '../secret'))).toBe('bad-id')
  expect(kindOf(await saveCounterexample(directory, sampleFile('../secret')))).toBe('bad-id')
  expect(await readdir(directory)).toEqual([])
})

test('a damaged file is said to be so, with its path', async () => {
  await save('3f9c1a77d20e')
  const path = join(directory, '3f9c1a77d20e.json')
  await writeFile(path, toJson(sampleFile()).slice(0, 100))
  const cut = await findCounterexample(directory, '3f9c')
  expect(cut).toMatchObject({ ok: false, error: { kind: 'damaged', path } })
  await writeFile(path, toJson(sampleFile('000000000000')))
  expect(await loadCounterexample(directory, '3f9c1a77d20e')).toMatchObject({
    ok: false,
    error: { kind: 'damaged', message: `${path}: it holds counterexample 000000000000` },
  })
})

test('a file where the directory should be is an error value, for readers and writers', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  expect(kindOf(await saveCounterexample(file, sampleFile()))).toBe('io')
  expect(kindOf(await listCounterexamples(file))).toBe('io')
  expect(kindOf(await findCounterexample(file, '3f9c'))).toBe('io')
  expect(kindOf(await loadCounterexample(directory, '3f9c1a77d20e'))).toBe('none')
})
