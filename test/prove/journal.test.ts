/** A search for a proof that is killed goes on where it was: nothing that it has lost is lost again, and it ends the same. */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { proofJournals } from '../../cli/proof_journal.ts'
import { proofProgressText } from '../../cli/proof_progress.ts'
import { nativeZ3 } from '../../cli/proofs.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import type { Loss, OpenJournal, ProofProgress } from '../../solver/prove/progress.ts'
import { attempt, prepare, type Attempt } from '../../solver/prove/prove.ts'

const z3 = nativeZ3()
const limits = { queryMs: 300_000, ...(z3 === undefined ? {} : { solver: z3 }) }

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mmcheck-journal-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const files = (): readonly string[] => readdirSync(directory).map((f) => join(directory, f))
const silent = (text: string): void => {
  throw new Error(text)
}
const loss = (place: number, labels?: readonly number[]): Loss => ({
  ...{ place, from: 'a', to: 'b', whose: 'own', said: 'it can be broken' },
  ...(labels === undefined ? {} : { labels }),
})

describe('a journal', () => {
  test('has what was noted, for the same question alone, and only where one goes on', () => {
    const { note } = proofJournals(false, silent, directory)('q')
    note(loss(3))
    note(loss(4, [1, 2]))
    expect(proofJournals(true, silent, directory)('other').before).toEqual([])
    expect(proofJournals(true, silent, directory)('q').before).toEqual([loss(3), loss(4, [1, 2])])
    expect(proofJournals(false, silent, directory)('q').before).toEqual([])
    expect(proofJournals(true, silent, directory)('q').before).toEqual([])
  })

  test('does without what was half written when its writer was killed', () => {
    proofJournals(false, silent, directory)('q').note(loss(3))
    const [file = ''] = files()
    appendFileSync(file, JSON.stringify(loss(4)).slice(0, 20))
    const again = proofJournals(true, silent, directory)('q')
    expect(again.before).toEqual([loss(3)])
    again.note(loss(5))
    expect(proofJournals(true, silent, directory)('q').before).toEqual([loss(3), loss(5)])
  })

  test('leaves nothing behind when the search is over', () => {
    const { note, end } = proofJournals(false, silent, directory)('q')
    note(loss(3))
    end()
    expect(files()).toEqual([])
  })

  test('is given up, and that is told once, where nothing can be written', () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const told: string[] = []
    const { note, end } = proofJournals(false, (t) => told.push(t), join(file, 'below'))('q')
    note(loss(3))
    end()
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(/cannot be written, so a search that is killed begins anew/)
  })
})

test('progress is told as questions of a check, and as guesses that are left of a search', () => {
  expect(proofProgressText('it', { asked: 7, of: 9 })).toBe('it: 7 of 9 questions')
  expect(proofProgressText('it', { asked: 7, left: 2 })).toBe('it: 7 questions, 2 guesses left')
})

/** What is left, and how much of it: not where each was lost. */
const shown = ({ inductive, unreached, proof }: Attempt): unknown => [
  inductive.map((l) => [l.name, l.labels && [...l.labels]]),
  [...unreached],
  proof.claims.map((c) => [c.claim, c.verdict]),
]

/** Keeps what is noted, and kills the search after so many. */
function counting(noted: Loss[], journal: OpenJournal, most = Infinity): OpenJournal {
  return (question) => {
    const of = journal(question)
    return {
      ...of,
      note: (x) => {
        of.note(x)
        noted.push(x)
        if (noted.length === most) throw new Error('killed')
      },
    }
  }
}

describe('a search for a proof', () => {
  const item = ITEMS.find((i) => i.property === 'LockExclusion' && i.core.name === 'anonymous memory')
  const kernel = findKernel('v7.0')
  if (item === undefined || kernel === undefined) throw new Error('no such item')
  const search = (journal: OpenJournal, onProgress?: (p: ProofProgress) => void): Promise<Attempt> =>
    attempt(prepare(item, kernel, []), { ...limits, journal, ...(onProgress === undefined ? {} : { onProgress }) })

  test('ends as it would have, and loses nothing twice', { timeout: 600_000 }, async () => {
    const undisturbed: Loss[] = []
    const heard: ProofProgress[] = []
    const whole = await search(counting(undisturbed, proofJournals(false, silent, directory)), (p) => heard.push(p))
    expect(undisturbed.length).toBeGreaterThan(4)
    expect(files()).toEqual([])
    expect(heard.some((p) => p.left !== undefined)).toBe(true)
    expect(heard[heard.length - 1]?.of).toBeGreaterThan(0)

    const half = Math.ceil(undisturbed.length / 2)
    const before: Loss[] = []
    await expect(search(counting(before, proofJournals(false, silent, directory), half))).rejects.toThrow('killed')
    expect(before).toEqual(undisturbed.slice(0, half))
    const [file = ''] = files()
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(half + 1)

    const after: Loss[] = []
    const resumed = await search(counting(after, proofJournals(true, silent, directory)))
    expect(shown(resumed)).toEqual(shown(whole))
    const key = (l: Loss): string => JSON.stringify([l.place, l.labels])
    expect(new Set([...before, ...after].map(key))).toEqual(new Set(undisturbed.map(key)))
    expect(after).toHaveLength(undisturbed.length - half)
    expect(resumed.unmet.map(({ from, to }) => [from, to]).slice(0, half)).toEqual(
      before.map(({ from, to }) => [from, to]),
    )
    expect(existsSync(file)).toBe(false)
  })
})
