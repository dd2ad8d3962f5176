/** Mutations of the routines: each does what its name says, and nothing else. */
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import { isMutation, mutationName, mutationWord } from '../../model/language/mutate/name.ts'
import { mutate, mutationsOf } from '../../model/language/mutate/mutate.ts'
import { reachedLabels } from '../../model/language/mutate/reached.ts'
import type { Program } from '../../model/language/routine.ts'
import { withLeftOut } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { scenarioOn } from '../support/scenarios.ts'
import { ATOMIC, finalCounters, LOCKED, PUBLISHED } from './programs.ts'

const violations = (p: Program): number => searchExplicit(lower(p).model).violations.length
const names = (p: Program): readonly string[] => mutationsOf(p, () => true).map((m) => m.name)
const after = (p: Program, name: string): Program => ({ ...p, without: new Set([mutationWord(name)]) })

describe('names', () => {
  test.each([
    'retract_page_tables.ptl_lock: drop lock',
    'madvise.MADV_GUARD_INSTALL.lock_vma: swap with do',
    'a.b: drop check 2',
    'a.b_c: tear',
  ])('%s is one word and back', (name) => {
    const word = mutationWord(name)
    expect(word).toMatch(/^[A-Za-z0-9_.+-]+$/)
    expect(mutationName(word)).toBe(name)
    expect(isMutation(word)).toBe(true)
    expect(mutationWord(word)).toBe(word)
  })
  test('a label is none', () => {
    expect(isMutation('retract_page_tables.recheck')).toBe(false)
  })
})

describe('a counter under a lock', () => {
  test('is exact with the lock', () => {
    expect(finalCounters(LOCKED)).toEqual([2])
  })
  test('loses an update without it, and its release opens no lock of another thread', () => {
    expect(names(LOCKED)).toContain('increment.lock: drop lock')
    expect(finalCounters(after(LOCKED, 'increment.lock: drop lock'))).toEqual([1, 2])
  })
  test('loses one where the load comes before the lock, or the store after it', () => {
    expect(finalCounters(after(LOCKED, 'increment.lock: swap with load'))).toEqual([1, 2])
    expect(finalCounters(after(LOCKED, 'increment.store: swap with unlock'))).toEqual([1, 2])
  })
  test('the store cannot be moved before the load that it depends on', () => {
    expect(names(LOCKED)).not.toContain('increment.load: swap with store')
  })
})

describe('an atomic increment', () => {
  test('is exact', () => {
    expect(finalCounters(ATOMIC)).toEqual([2])
  })
  test('torn, it loses one', () => {
    expect(names(ATOMIC)).toEqual(['increment.add: tear'])
    expect(finalCounters(after(ATOMIC, 'increment.add: tear'))).toEqual([1, 2])
  })
})

describe('data published by a flag', () => {
  test('is complete for who sees the flag', () => {
    expect(violations(PUBLISHED)).toBe(0)
  })
  test('is not where the flag comes first', () => {
    expect(violations(after(PUBLISHED, 'publish.data: swap with flag'))).toBe(1)
  })
  test('is not where nobody looks at the flag, or waits for it', () => {
    expect(violations(after(PUBLISHED, 'consume.look: drop check'))).toBe(1)
    expect(violations(after(PUBLISHED, 'await_flag.wait: drop wait'))).toBe(1)
  })
})

describe('a name that nothing has', () => {
  test.each(['increment.lock: drop check', 'increment.nothing: drop lock', 'nobody.lock: drop lock'])('%s', (name) => {
    const word = mutationWord(name)
    expect(mutate(LOCKED, [word])[1]).toEqual([word])
    expect(() => lower({ ...LOCKED, without: new Set([word]) })).toThrow('nothing to leave out')
  })
})

describe('of the kernel', () => {
  const cell = scenarioOn('install+collapse', 'v7.0')
  const { model } = lower(withProperties(cell))
  const reached = reachedLabels(model, searchExplicit(model).reachedSteps)
  const all = mutationsOf(cell.program, (label) => reached.has(label)).map((m) => m.name)

  test('a named check is dropped as --without drops it', () => {
    const [word, label] = [
      withLeftOut(cell, ['retract_page_tables.recheck+drop-check']),
      withLeftOut(cell, ['retract_page_tables.recheck']),
    ].map((s) => searchExplicit(lower(withProperties(s)).model))
    expect(word).toEqual(label)
  })

  test('each mutation has a name of its own, of a routine that runs', () => {
    expect(new Set(all).size).toBe(all.length)
    expect(all).toEqual(
      expect.arrayContaining(['walk_pte_range.map: drop lock', 'madvise_guard_install.set_flag: tear']),
    )
    expect(all.filter((n) => n.startsWith('try_to_free_pte.'))).toEqual([])
  })

  test('applied, it leaves the program that it was made from alone', () => {
    const before = JSON.stringify(cell.program.threads)
    for (const name of all) mutate(cell.program, [mutationWord(name)])
    expect(JSON.stringify(cell.program.threads)).toBe(before)
  })

  /** The interpreter is the judge of mutants, too: same verdicts, same counts. */
  test.each(all.filter((_, i) => i % 7 === 0))('%s: two engines agree', (name) => {
    const mutant = lower(withProperties(withLeftOut(cell, [mutationWord(name)]))).model
    const { engine: _, bytes: _bytes, ...explicit } = searchExplicit(mutant)
    const { engine: _engine, bytes: _zero, ...reference } = searchReference(mutant)
    expect(explicit).toEqual(reference)
  })
})
