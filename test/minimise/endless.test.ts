/** Runs that never end, made as small as they can be. */
import { describe, expect, test } from 'vitest'
import { minimalityOf } from '../../cli/commands/minimise_all.ts'
import { finish } from '../../counterexamples/minimise/finish.ts'
import { askEndless, minimiseEndless } from '../../counterexamples/minimise/endless.ts'
import type { Minimised, MinimiseOptions } from '../../counterexamples/minimise/minimise.ts'
import type { Target } from '../../counterexamples/minimise/oracle.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { printBody } from '../../model/litmus/printer.ts'
import { lassoIds, recorded } from '../support/corpus.ts'
import { scenariosOf } from '../support/scenarios.ts'

const OPTIONS: MinimiseOptions = { maxMs: 250_000, exhaust: true, stopped: () => false }
const target: Target = { kernel: kernelLine(['guard-v2'], []), property: 'InstallEnds' }

const fileOf = (text: string): LitmusFile => {
  const [scenario] = scenariosOf(text)
  if (scenario === undefined) throw new Error('no scenario')
  return scenario.file
}
async function minimised(text: string): Promise<Minimised> {
  const made = await minimiseEndless(fileOf(text), target, OPTIONS)
  if (!made.ok) throw new Error(made.error)
  return made.value
}

describe.each(lassoIds())('%s', (id) => {
  test('comes out as recorded, with nothing smaller left unasked', async () => {
    const c = recorded(id)
    const made = await minimalityOf(c, { maxMs: 250_000, stopped: () => false })
    expect(made).toEqual({ ok: true, value: c.minimised })
    expect(c.minimised?.exhausted).toMatchObject({ all: true, done: c.minimised?.exhausted.total })
  })
})

/** What the first thread never meets is not needed for it to go on for ever. */
const LARGER = `MM larger
kernel guard-v2
{ map a = anon[0..1] private rw; fill a[0..1]; }
P0 { r0 = guard_install(a[0]); r1 = read(a[1]); }
P1 { r0 = keep_reading(a[0]); }
exists (P0:r0 = 0)
`

test('takes away what the loop does not need', async () => {
  const made = await minimised(LARGER)
  expect(made.after).not.toEqual(made.before)
  const done = finish(made, target)
  if (!done.ok) throw new Error(done.error)
  const { file } = done.value.scenario
  expect(file.threads.map((t) => t.stmts.map((s) => s.op.text))).toEqual([['guard_install'], ['keep_reading']])
  expect(printBody(file)).not.toContain('a[1]')
  expect(done.value.found.mail(true)).toContain('LOOP')
  expect(askEndless(file, target).kind).toBe('breaks')
})

test('a scenario that ends on every run is refused', async () => {
  const text = LARGER.replace(/P1 .*\n/, '')
  const made = await minimiseEndless(fileOf(text), target, OPTIONS)
  expect(made).toEqual({ ok: false, error: 'it has no run on which InstallEnds is broken for ever' })
})
