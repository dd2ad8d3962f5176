/** The routines that a trace runs through, line by line, and where each of its steps stands in them. */
import { routineLines, routinesOf, routineTitle } from '../../model/language/listing.ts'
import type { Routine } from '../../model/language/routine.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { labelName, mutationName, routineName } from '../../model/language/mutate/name.ts'
import type { Trace, TraceStep } from '../trace.ts'

export interface ListingLine {
  readonly kind: 'code' | 'effect'
  readonly depth: number
  readonly label?: string
  readonly text: string
  /** What of `without` takes it away or changes it. */
  readonly out?: string
}

export interface Listing {
  readonly title: string
  readonly file: string
  readonly read: string
  readonly lines: readonly ListingLine[]
}

/** Where a step stands: numbers of a listing and of its line. */
export interface Place {
  readonly listing: number
  readonly line: number
}

export interface Listings {
  readonly listings: readonly Listing[]
  /** By step; undefined where a step stands in no routine. */
  readonly places: readonly (Place | undefined)[]
}

function listingOf(routine: Routine, without: readonly string[]): Listing {
  const lines = routineLines(routine).map(({ kind, depth, label, text }): ListingLine => {
    const name = label === undefined ? undefined : labelName(routine.name, label)
    const out = without.find((w) => name !== undefined && (w === name || w.startsWith(`${name}+`)))
    return {
      kind,
      depth,
      text,
      ...(label === undefined ? {} : { label }),
      ...(out === undefined ? {} : { out: mutationName(out) }),
    }
  })
  return { title: routineTitle(routine), file: routine.file, read: routine.read, lines }
}

/** The line of a step: that of its label, of those the one with its text. */
function lineOf({ lines }: Listing, { step }: TraceStep): number {
  const exact = lines.findIndex((l) => l.label === step.local && l.text.startsWith(step.text))
  return exact >= 0 ? exact : lines.findIndex((l) => l.label === step.local)
}

/** The listings of the scenario's routines that the trace has a step in, in the order in which it comes to them. */
export function listingsOf({ program, without }: Scenario, trace: Trace): Listings {
  const known = program.threads.map(({ name, body, locals }) =>
    routinesOf({ name, file: '', read: '', params: [], locals, body }).map((routine) => ({
      routine,
      listing: listingOf(routine, without),
    })),
  )
  const listings: Listing[] = []
  // Two threads may run the same routine, which is then listed once.
  const numbers = new Map<string, number>()
  const numberOf = (listing: Listing): number => {
    const text = JSON.stringify(listing)
    const number = numbers.get(text) ?? listings.push(listing) - 1
    numbers.set(text, number)
    return number
  }
  const placeOf = (step: TraceStep): Place | undefined => {
    const own = (known[step.thread.number] ?? []).filter((k) => routineName(k.routine.name) === step.step.routine)
    const found =
      own.find((k) => k.listing.lines.some((l) => l.label === step.step.local && l.text.startsWith(step.step.text))) ??
      own.find((k) => lineOf(k.listing, step) >= 0)
    return found === undefined ? undefined : { listing: numberOf(found.listing), line: lineOf(found.listing, step) }
  }
  const seen = new Map<number, Place | undefined>()
  const places = trace.steps.map((step): Place | undefined => {
    const { id } = step.step
    if (!seen.has(id)) seen.set(id, placeOf(step))
    return seen.get(id)
  })
  return { listings, places }
}
