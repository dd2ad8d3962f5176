/** The data races of the catalogue, each once: model/scenarios/races.json. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { DataRace } from '../counterexamples/races/report.ts'
import { catalogueDirectory } from './input.ts'

export interface RecordedRace {
  readonly field: string
  /** In the order of their labels. */
  readonly sides: readonly {
    readonly label: string
    readonly access: 'read' | 'write'
    readonly marked: boolean
  }[]
  /** Its name in model/mm/access_marks.ts, where it is known to be harmless. */
  readonly benign: string | null
  /** How many cells show it, and one of those with the fewest steps. */
  readonly cells: number
  readonly shortest: string
}

const recorded: z.ZodType<RecordedRace> = z.object({
  field: z.string(),
  sides: z.array(z.object({ label: z.string(), access: z.enum(['read', 'write']), marked: z.boolean() })),
  benign: z.string().nullable(),
  cells: z.number(),
  shortest: z.string(),
})
const schema = z.object({
  format: z.literal('mmcheck-races'),
  version: z.object({ major: z.literal(1), minor: z.number() }),
  races: z.array(recorded),
})

const pathOf = (): string => join(catalogueDirectory(), 'races.json')

/** The same for a race in whatever scenario it is found. */
export const raceKey = ({ field, sides, benign }: Pick<RecordedRace, 'field' | 'sides' | 'benign'>): string =>
  [field, ...sides.map((s) => `${s.access} ${s.label}${s.marked ? ' (marked)' : ''}`), benign ?? 'race'].join(' | ')

/** A race without its scenario; its sides in the order of their labels. */
export function generalised({ field, sides, benign }: DataRace): Pick<RecordedRace, 'field' | 'sides' | 'benign'> {
  const told = sides.map((s) => ({
    label: `${s.step.routine}.${s.step.local}`,
    access: s.writes ? ('write' as const) : ('read' as const),
    marked: s.marked,
  }))
  const order = (s: (typeof told)[number]): string => `${s.label} ${s.access}`
  return { field, sides: told.sort((a, b) => (order(a) < order(b) ? -1 : 1)), benign: benign?.name ?? null }
}

/** Throws where the file is there but damaged. */
export function readRaces(): readonly RecordedRace[] {
  if (!existsSync(pathOf())) return []
  return schema.parse(JSON.parse(readFileSync(pathOf(), 'utf8'))).races
}

export function writeRaces(races: readonly RecordedRace[]): void {
  const sorted = [...races].sort((a, b) => (raceKey(a) < raceKey(b) ? -1 : 1))
  const text = JSON.stringify({ format: 'mmcheck-races', version: { major: 1, minor: 0 }, races: sorted }, null, 2)
  writeFileSync(`${pathOf()}.tmp`, `${text}\n`)
  renameSync(`${pathOf()}.tmp`, pathOf())
}

/** Collects races over cells. Mutable. */
export function newCollection(): {
  readonly add: (cell: string, races: readonly DataRace[]) => void
  readonly list: () => readonly RecordedRace[]
} {
  const all = new Map<string, { race: RecordedRace; steps: number }>()
  return {
    add(cell, races): void {
      for (const r of races) {
        const general = generalised(r)
        const key = raceKey(general)
        const known = all.get(key)
        const steps = r.moves.length
        if (known === undefined) all.set(key, { race: { ...general, cells: 1, shortest: cell }, steps })
        else {
          const shorter = steps < known.steps
          const { race } = known
          known.race = { ...race, cells: race.cells + 1, shortest: shorter ? cell : race.shortest }
          known.steps = Math.min(known.steps, steps)
        }
      }
    },
    list: () => [...all.values()].map(({ race }) => race),
  }
}
