/** From what a patch touches to the routines of the model that it concerns, and the scenarios that run them. */
import { calls, routineLines } from '../../model/language/listing.ts'
import type { Routine } from '../../model/language/stmt.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { PatchNames, TouchedFunction } from './patch.ts'

/** The routines that one scenario can run, by name. */
export interface ScenarioRoutines {
  readonly scenario: string
  readonly kernel: string
  readonly routines: ReadonlySet<string>
}

/** What the model has of one kernel function. */
export interface ModelledRoutine {
  readonly name: string
  /** Functions and flags that its own pseudo-C names. */
  readonly mentions: ReadonlySet<string>
}

export interface Survey {
  readonly routines: ReadonlyMap<string, ModelledRoutine>
  readonly scenarios: readonly ScenarioRoutines[]
}

/** What the model makes of one name of the patch. */
export interface AffectedName {
  readonly name: string
  /** Absent for a name that stands in no function. */
  readonly file?: string
  /** `routine`: modelled under its own name. `step`: it is part of steps of these routines. */
  readonly how: 'routine' | 'step'
  readonly routines: readonly string[]
}

export interface Affected {
  readonly modelled: readonly AffectedName[]
  /** Functions of the patch that the model has nothing of. */
  readonly unknown: readonly TouchedFunction[]
  /** Every routine that is concerned. */
  readonly routines: ReadonlySet<string>
  /** The scenarios that can run one of them, those that run little else first. */
  readonly scenarios: readonly ScenarioRoutines[]
}

/** A system call is a routine per behaviour, `madvise(MADV_X)`; a patch knows `madvise`. */
const bareName = (routine: string): string => routine.replace(/[.(].*$/, '')

const MENTIONED = /\b([A-Za-z_]\w+)\s*\(|\b([A-Z]{2,}_\w+)\b/g

/** The names in the pseudo-C of a routine, as `mmcheck list` prints it. */
const mentionsOf = (r: Routine): readonly string[] =>
  routineLines(r).flatMap(({ text }) =>
    [...text.matchAll(MENTIONED)].map(([, call, constant]) => call ?? constant ?? ''),
  )

/**
 * Looks through everything that the threads of the scenarios can call, on the kernels that they are built for. What
 * has one name on one kernel is read once: the variants differ in whom they call, which is asked of each. No
 * scenario is kept, since all of the catalogue together would fill the memory.
 */
export function survey(scenarios: Iterable<Scenario>): Survey {
  const routines = new Map<string, ModelledRoutine & { readonly mentions: Set<string> }>()
  const listed = new Set<string>()
  const visit = (r: Routine, kernel: string, names: Set<string>, visited: Set<Routine>): void => {
    if (visited.has(r)) return
    visited.add(r)
    names.add(r.name)
    if (!listed.has(`${kernel} ${r.name}`)) {
      listed.add(`${kernel} ${r.name}`)
      const known = routines.get(r.name) ?? { name: r.name, mentions: new Set<string>() }
      routines.set(r.name, known)
      for (const name of mentionsOf(r)) known.mentions.add(name)
    }
    for (const callee of calls(r.body)) visit(callee, kernel, names, visited)
  }
  const found: ScenarioRoutines[] = []
  for (const { name: scenario, kernel, program } of scenarios) {
    const names = new Set<string>()
    const visited = new Set<Routine>()
    for (const { body } of program.threads) for (const r of calls(body)) visit(r, kernel.name, names, visited)
    found.push({ scenario, kernel: kernel.name, routines: names })
  }
  return { routines, scenarios: found }
}

/** Which routines have the name, or have it in the text of a step. */
function concerned(all: Survey['routines'], name: string): Omit<AffectedName, 'name' | 'file'> | undefined {
  const named = [...all.keys()].filter((r) => bareName(r) === name)
  if (named.length > 0) return { how: 'routine', routines: named }
  const mentioning = [...all.values()].filter((r) => r.mentions.has(name)).map((r) => r.name)
  return mentioning.length > 0 ? { how: 'step', routines: mentioning } : undefined
}

/** The part of a scenario's routines that is concerned: 1 where it runs nothing else. */
const closeness = ({ routines }: ScenarioRoutines, wanted: ReadonlySet<string>): number =>
  [...routines].filter((r) => wanted.has(r)).length / routines.size

/** What of the model a patch concerns. Names outside of functions count only where the model knows them. */
export function affectedBy(patch: PatchNames, { routines, scenarios }: Survey): Affected {
  const modelled: AffectedName[] = []
  const unknown: TouchedFunction[] = []
  for (const f of patch.functions) {
    const found = concerned(routines, f.name)
    if (found === undefined) unknown.push(f)
    else modelled.push({ ...f, ...found })
  }
  const inFunctions = new Set(patch.functions.map((f) => f.name))
  for (const name of patch.names) {
    const found = inFunctions.has(name) ? undefined : concerned(routines, name)
    if (found !== undefined) modelled.push({ name, ...found })
  }
  const wanted = new Set(modelled.flatMap((m) => m.routines))
  const running = scenarios
    .filter((s) => [...s.routines].some((r) => wanted.has(r)))
    .map((s) => ({ ...s, close: closeness(s, wanted) }))
    .sort((a, b) => b.close - a.close || (a.scenario < b.scenario ? -1 : 1))
    .map(({ scenario, kernel, routines: all }) => ({ scenario, kernel, routines: all }))
  return { modelled, unknown, routines: wanted, scenarios: running }
}
