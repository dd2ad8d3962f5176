/** What may have kept a broken scenario whole: each a change of it, to be tried. */
import type { Lowered } from '../../model/language/lower/lower.ts'
import { lockClasses } from '../../model/language/mutate/strengthen.ts'
import { mutationName, mutationWord } from '../../model/language/mutate/name.ts'
import { strengtheningsOf, underName } from '../../model/language/mutate/mutate.ts'
import { reachedLabels } from '../../model/language/mutate/reached.ts'
import { kernel } from '../../model/kernels/kernel.ts'
import { KERNELS } from '../../model/kernels/kernels.ts'
import { isProposal } from '../../model/kernels/nosigbus.ts'
import { PATCHES, type Patch } from '../../model/kernels/patches.ts'
import { scenarioOf, withLeftOut, type Scenario } from '../../model/scenarios/scenario.ts'
import type { Trace } from '../trace.ts'

export type CandidateKind = 'put back' | 'patch' | 'lock' | 'check' | 'order'

export interface Candidate {
  readonly kind: CandidateKind
  /** A mutation as `--mutate` takes it; what is put back; or a patch. */
  readonly name: string
  /** What it is, in a few words. */
  readonly text: string
  readonly scenario: Scenario
}

/** Each thing that is left out of the scenario, put back. */
function putBack(s: Scenario): readonly Candidate[] {
  return s.without.map((word) => {
    const without = s.without.filter((w) => w !== word)
    const name = mutationName(word)
    const scenario = { ...s, without, program: { ...s.program, without: new Set(without) } }
    return { kind: 'put back', name, text: 'as the kernel has it', scenario }
  })
}

/** Each patch that a later kernel has and this one lacks, by itself. */
function patches(s: Scenario): readonly Candidate[] {
  const at = KERNELS.findIndex((k) => k.name === s.kernel.name)
  // Of proposals, what other proposals do; patches of years later would answer for nothing there.
  const after = KERNELS.slice(at + 1).filter((k) => isProposal(k) === isProposal(s.kernel))
  const later = new Set((at < 0 ? [] : after).flatMap((k): Patch[] => [...k.patches]))
  return [...later]
    .filter((p) => !s.kernel.has(p))
    .flatMap((patch): readonly Candidate[] => {
      const patched = kernel(s.kernel.name, s.kernel.title, [...s.kernel.patches, patch])
      const scenario = scenarioOf(s.file, patched, s.without)
      return scenario === undefined ? [] : [{ kind: 'patch', name: patch, text: PATCHES[patch], scenario }]
    })
}

/** Locks held longer or taken earlier and checks made once more, in what the trace ran. */
function strengthened(s: Scenario, lowered: Lowered, trace: Trace): readonly Candidate[] {
  const ran = reachedLabels(
    lowered.model,
    trace.steps.map((t) => t.step.id),
  )
  return strengtheningsOf(s.program, (label) => ran.has(label)).map((m) => ({
    kind: m.kind === 'check' || m.kind === 'order' ? m.kind : 'lock',
    name: m.name,
    text: m.text,
    scenario: withLeftOut(s, [mutationWord(m.name)]),
  }))
}

/** A lock that the thread of the last step holds there, taken by another thread around what it wrote for it to lose. */
function added(s: Scenario, lowered: Lowered, trace: Trace, outside: ReadonlySet<number>): readonly Candidate[] {
  const last = trace.steps.at(-1)
  if (last === undefined) return []
  const state = stateBefore(trace)
  const own = last.thread.number
  const classes = new Map(s.program.threads.flatMap((t) => [...lockClasses(t.body)]))
  const held = [...classes.values()].flatMap((lock) => {
    const [set] = lock.owner.decl.sets
    if (set === undefined || lock.owner.decl.sets.length !== 1) return []
    const names = s.program.names[set] ?? []
    return names.flatMap((object, i) => {
      const owner = lowered.base.get(lock.owner.decl.name)
      const readers = lock.readers === undefined ? undefined : lowered.base.get(lock.readers.decl.name)
      const isOwner = owner !== undefined && state[owner + i] === own + 1
      const isReader = readers !== undefined && ((state[readers + i] ?? 0) & (1 << own)) !== 0
      return isOwner || isReader ? [{ lock: lock.name, object: i, text: `${lock.name} of ${object}` }] : []
    })
  })
  const writers = trace.steps.filter(
    (t, i) =>
      t.thread.number !== own &&
      !outside.has(i) &&
      t.changes.some((c) => c.kind === 'shared') &&
      trace.steps.findIndex((u) => u.step.id === t.step.id) === i,
  )
  const out = new Map<string, Candidate>()
  for (const w of writers)
    for (const { lock, object, text } of held) {
      const { frames, label } = w.step
      const caller = frames.at(-2)
      const call = label.split('.').at(-2)
      const places: [string, string][] = [[frames.at(-1)?.fn ?? '', w.step.local]]
      if (caller !== undefined && call !== undefined) places.push([caller.fn, call])
      for (const [routine, at] of places) {
        const name = underName(routine, at, lock, object)
        out.set(name, {
          kind: 'lock',
          name,
          text: `${text} held around it`,
          scenario: withLeftOut(s, [mutationWord(name)]),
        })
      }
    }
  return [...out.values()]
}

/** The state before the last step. */
function stateBefore(trace: Trace): readonly number[] {
  const state = [...trace.initial]
  for (const t of trace.steps.slice(0, -1)) for (const c of t.changes) state[c.slot] = c.to
  return state
}

/** Everything to try, in the order of reports. */
export const candidates = (
  s: Scenario,
  lowered: Lowered,
  trace: Trace,
  outside: ReadonlySet<number>,
): readonly Candidate[] => [
  ...putBack(s),
  ...patches(s),
  ...strengthened(s, lowered, trace),
  ...added(s, lowered, trace, outside),
]
