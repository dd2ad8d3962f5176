/** What a condition calls an entry, against what the declarations put there. */
import { expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import { evaluate, initialState } from '../../solver/reference/interpreter.ts'
import { scenariosOf } from '../support/scenarios.ts'

const SHMEM = 'shmem f[2]; map a = f[0..1] shared rw;'
const FILE = 'file f[2]; map a = f[0..1] shared rw;'
const ANON = 'map a = anon[0..1] private rw; ptes 2;'

/** Whether the condition holds of what the declarations make. */
function holds(declarations: string, condition: string): boolean {
  const text = `MM x\nkernel v7.0\n{ ${declarations} }\nP0 { r0 = smaps_gu(a[0]); }\nforall (${condition})\n`
  const [scenario] = scenariosOf(text)
  if (scenario === undefined) throw new Error('no scenario')
  const { model } = lower(scenario.program)
  if (model.final === undefined) throw new Error('no condition')
  return evaluate(model, model.final, initialState(model)) !== 0
}

test.each([
  ['nothing', SHMEM, ['none']],
  ['nothing in a table', `${SHMEM} fill a[1];`, ['none']],
  ['a page of shmem', `${SHMEM} fill a[0];`, ['present', 'file']],
  ['a clean page of a plain file', `${FILE} fill a[0];`, ['present', 'file_ro']],
  ['a written one', `${FILE} fill a[0] write;`, ['present', 'file']],
  ['the zero page', `${ANON} fill a[0];`, ['present', 'zero']],
  ['an anonymous page', `${ANON} fill a[0] write;`, ['present', 'anon']],
  ['a guard', `${ANON} fill a[0] guard;`, ['guard']],
  ['a huge page of shmem', `${SHMEM} huge; fill a[0..1] pmd;`, ['present', 'huge']],
  ['an anonymous huge page', `${ANON} fill a[0..1] pmd;`, ['present', 'huge']],
] as const)('%s', (_, declarations, words) => {
  const all = ['none', 'present', 'file', 'file_ro', 'zero', 'anon', 'guard', 'huge', 'swap']
  expect(all.filter((word) => holds(declarations, `a[0] = ${word}`))).toEqual(
    all.filter((w) => words.some((x) => x === w)),
  )
})
