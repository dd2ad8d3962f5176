/** Every recorded counterexample, made as small as it can be. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { corpusDirectory, rerun } from '../../cli/commands/replay.ts'
import { parseCounterexample, resolveMoves } from '../../counterexamples/json.ts'
import { finish } from '../../counterexamples/minimise/finish.ts'
import { minimise } from '../../counterexamples/minimise/minimise.ts'
import { MEASURES } from '../../counterexamples/minimise/size.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { replay } from '../../solver/reference/replay.ts'
import { corpusIds, recorded } from '../support/corpus.ts'

// A run that never ends is not minimised.
const ids = corpusIds()

/** Longer ones take minutes to be proved minimal; MMCHECK_CELLS=all proves them too. */
const STEPS_MAX = process.env['MMCHECK_CELLS'] === 'all' ? Infinity : 45
const stepsOf = (id: string): number => {
  const parsed = parseCounterexample(readFileSync(join(corpusDirectory(), `${id}.json`), 'utf8'))
  return parsed.ok ? parsed.value.trace.length : 0
}
/** Those of page frames take half a minute each. */
const hasFrames = (id: string): boolean => /\bframes \d/.test(recorded(id).scenario.litmus)
const short = ids.filter((id) => stepsOf(id) <= STEPS_MAX && (STEPS_MAX === Infinity || !hasFrames(id)))
test.skipIf(short.length < ids.length)(
  `${ids.length - short.length} of ${ids.length} are left out as too long, or of page frames`,
  () => {
    expect(short).toEqual(ids)
  },
)

describe.each(short)('%s', (id) => {
  test('has a least scenario, below which everything was exhausted', { timeout: 300_000 }, async () => {
    const parsed = parseCounterexample(readFileSync(join(corpusDirectory(), `${id}.json`), 'utf8'))
    if (!parsed.ok) throw new Error(parsed.error.message)
    const again = rerun(parsed.value)
    if (!again.ok) throw new Error(again.error)
    const { scenario, lowered, property } = again.value
    const moves = resolveMoves(lowered.model, parsed.value.trace)
    if (!moves.ok) throw new Error(moves.error.message)
    const target = {
      kernel: kernelLine([scenario.kernel.name], scenario.without),
      property: parsed.value.property.name,
    }
    const violation = { property, moves: moves.value }
    const options = { maxMs: 250_000, exhaust: true, stopped: () => false }
    const made = await minimise(scenario.file, target, violation, options)
    if (!made.ok) throw new Error(made.error)
    expect(made.value.over).toBeUndefined()
    expect(new Set(made.value.exhausted?.standings)).toEqual(new Set(['minimum']))
    expect(made.value.exhausted).toMatchObject({ all: true, done: made.value.exhausted?.total })
    const finished = finish(made.value, target)
    if (!finished.ok) throw new Error(finished.error)
    const { model, found, property: number } = finished.value
    // And that is what is recorded of it.
    const { minimised } = parsed.value
    expect(minimised?.id).toBe(found.counterexample.id)
    expect(minimised?.measures.map((m) => m.after).slice(0, MEASURES.length)).toEqual(made.value.after)
    expect(minimised?.measures.map((m) => m.standing)).toEqual([...(made.value.exhausted?.standings ?? []), 'local'])
    const steps = resolveMoves(model, found.counterexample.trace)
    const ran = replay(model, steps.ok ? steps.value : [])
    expect(ran.kind === 'ran' && ran.violated).toContain(number)
    // What was made of it cannot be made any smaller.
    const once = await minimise(
      finished.value.scenario.file,
      target,
      { property: number, moves: steps.ok ? steps.value : [] },
      options,
    )
    const twice = once.ok ? finish(once.value, target) : once
    expect(twice.ok && twice.value.found.counterexample.id).toBe(found.counterexample.id)
  })
})
