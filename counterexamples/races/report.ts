/** Conflicting accesses as data races in KCSAN's sense: at least one of the two is plain. */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { ACCESS_MARKS, BENIGN_RACES, UNSEEN_STEPS, type BenignRace } from '../../model/mm/access_marks.ts'
import type { Move, SearchOptions } from '../../solver/engine.ts'
import { findConflicts, type Conflict } from '../../solver/races/find.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import type { Lowered } from '../../model/language/lower/lower.ts'

export interface RaceSide {
  readonly thread: string
  readonly step: Step
  readonly writes: boolean
  readonly marked: boolean
  /** Locks that the thread holds there, as `table0.ptl` or `mm.mmap_lock (read)`. */
  readonly locks: readonly string[]
}

export interface DataRace {
  /** `vma.vm_flags`, and which one: `a.vm_flags`. */
  readonly field: string
  readonly variable: string
  readonly sides: readonly [RaceSide, RaceSide]
  readonly benign?: BenignRace
  /** A shortest way to where both can go on. */
  readonly moves: readonly Move[]
}

export interface RaceReport {
  /** In breadth-first order, one for each pair of labels and variable. */
  readonly races: readonly DataRace[]
  /** Conflicts between accesses that are both marked, which are none. */
  readonly marked: number
  readonly states: number
  readonly complete: boolean
}

const includes = (text: string, of: readonly string[]): boolean => of.some((part) => text.includes(part))

function isMarked(field: string, text: string, writes: boolean): boolean {
  const mark = ACCESS_MARKS.find(
    (m) =>
      m.fields.includes(field) &&
      (m.mode === undefined || (m.mode === 'write') === writes) &&
      (m.text === undefined || includes(text, m.text)),
  )
  return mark?.marked === true
}

/** The locks that a thread holds in a state. */
function locksOf({ slots }: LoweredModel, state: State, thread: number): readonly string[] {
  const held = slots.flatMap(({ name, kind, type }, slot): readonly string[] => {
    const value = state[slot] ?? 0
    if (kind !== 'lock') return []
    if (type.kind === 'ref') return value === thread + 1 ? [name.replace(/\.writer$/, ' (write)')] : []
    return type.kind === 'subset' && (value >> thread) & 1 ? [name.replace(/\.readers$/, ' (read)')] : []
  })
  // A VMA stays write-locked for as long as the mmap lock of its mm does.
  const writes = held.some((name) => name.endsWith('mmap_lock (write)'))
  const vmas = slots.flatMap(({ name }, slot) =>
    name.endsWith('.write_locked') && state[slot] === 1 ? [name.replace(/\.write_locked$/, '.lock (write)')] : [],
  )
  return writes ? [...held, ...vmas] : held
}

const labelOf = ({ routine, local }: Step): string => `${routine}.${local}`
const told = ({ step }: RaceSide): string => `${labelOf(step)}: ${step.text}`

function benignBy(field: string, [a, b]: readonly [RaceSide, RaceSide]): BenignRace | undefined {
  const fits = (plain: RaceSide, other: RaceSide, r: BenignRace): boolean =>
    !plain.marked && includes(told(plain), r.plain) && includes(told(other), r.other)
  return BENIGN_RACES.find((r) => r.fields.includes(field) && (fits(a, b, r) || fits(b, a, r)))
}

/** The declared variable that a slot belongs to: of those that begin at one slot all but the last are of sets without objects. */
function fieldOf({ base }: Lowered, slot: number): string {
  let found = ''
  let from = -1
  for (const [name, first] of base) if (first <= slot && first >= from) [found, from] = [name, first]
  return found
}

function raceOf(lowered: Lowered, conflict: Conflict): DataRace {
  const { model } = lowered
  const field = fieldOf(lowered, conflict.slot)
  // What the search says of a state is shown only if the reference interpreter comes there too.
  const run = replay(model, conflict.moves)
  const state = run.kind === 'ran' ? run.states.at(-1) : undefined
  if (state === undefined) throw new Error('the way to a race cannot be replayed')
  const side = (i: 0 | 1): RaceSide => {
    const { move, writes } = conflict.steps[i]
    const step = model.steps.find(({ id }) => id === move.step)
    if (step === undefined) throw new Error(`the model has no step ${move.step}`)
    return {
      thread: model.threads[step.thread]?.name ?? '',
      step,
      writes,
      marked: isMarked(field, step.text, writes),
      locks: locksOf(model, state, step.thread),
    }
  }
  const sides = [side(0), side(1)] as const
  const benign = benignBy(field, sides)
  const variable = model.slots[conflict.slot]?.name ?? ''
  return { field, variable, sides, moves: conflict.moves, ...(benign === undefined ? {} : { benign }) }
}

/** The data races of a scenario, `lowered` from its program. */
export function dataRaces(lowered: Lowered, options: SearchOptions = {}): RaceReport {
  const { found, states, incomplete } = findConflicts(lowered.model, options)
  const races = new Map<string, DataRace>()
  let marked = 0
  for (const conflict of found) {
    const race = raceOf(lowered, conflict)
    if (race.sides.some(({ step }) => UNSEEN_STEPS.includes(labelOf(step)))) continue
    if (race.sides.every((s) => s.marked)) {
      marked++
      continue
    }
    const key = [race.field, ...race.sides.map((s) => `${labelOf(s.step)} ${String(s.writes)}`).sort()].join(' | ')
    if (!races.has(key)) races.set(key, race)
  }
  return { races: [...races.values()], marked, states, complete: incomplete === undefined }
}
