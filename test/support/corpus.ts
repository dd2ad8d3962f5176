/** The recorded counterexamples, replayed, for tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { corpusDirectory, rerun, type Replayed } from '../../cli/commands/replay.ts'
import { parseCounterexample, type Counterexample } from '../../counterexamples/json.ts'
import type { Move } from '../../solver/engine.ts'

/** Nothing changes the corpus while tests run, and what is read of it is never written to. */
const once = <T>(make: (id: string) => T): ((id: string) => T) => {
  const known = new Map<string, T>()
  return (id) => {
    const before = known.get(id)
    if (before !== undefined) return before
    const made = make(id)
    known.set(id, made)
    return made
  }
}

const idsIn = once((directory: string): readonly string[] =>
  readdirSync(directory).flatMap((f) => /^([0-9a-f]{12})\.json$/.exec(f)?.[1] ?? []),
)
const allIds = (): readonly string[] => idsIn(corpusDirectory())

/** Those that end in a violation. */
export const corpusIds = (): readonly string[] => allIds().filter((id) => recorded(id).loopStart === undefined)

/** Runs that never end. */
export const lassoIds = (): readonly string[] => allIds().filter((id) => recorded(id).loopStart !== undefined)

export const recorded: (id: string) => Counterexample = once((id) => {
  const parsed = parseCounterexample(readFileSync(join(corpusDirectory(), `${id}.json`), 'utf8'))
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
})

/** Made anew each time: it is large, and there are many. */
export function replayed(id: string): Replayed {
  const again = rerun(recorded(id))
  if (!again.ok) throw new Error(again.error)
  return again.value
}

export const movesOf = (r: Replayed): readonly Move[] =>
  r.found.trace.steps.map((s) => ({ step: s.step.id, choices: s.choices.map((c) => c.value) }))

/** The recorded counterexample of a scenario, kernel and property. */
export function find(scenario: string, kernel: string, property: string): Replayed {
  const id = corpusIds().find((i) => {
    const c = recorded(i)
    return c.scenario.name === scenario && c.scenario.kernel === kernel && c.property.name === property
  })
  if (id === undefined) throw new Error(`nothing is recorded of ${scenario} on ${kernel}`)
  return replayed(id)
}
