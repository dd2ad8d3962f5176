/** The world of a scenario as it is drawn: which variable stands where. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'

/** A variable by its place among the model's slots, under a name of its own. */
export interface Labelled {
  readonly label: string
  readonly slot: number
}

export interface PmdBox {
  readonly name: string
  readonly kind: number
  readonly table: number
  /** The pages that it maps, with the entry of the table that is theirs. */
  readonly pages: readonly { readonly name: string; readonly entry: number }[]
}

export interface VmaBox {
  readonly name: string
  readonly attached: number
  readonly variables: readonly Labelled[]
}

export interface MmBox {
  readonly name: string
  readonly vmas: readonly VmaBox[]
  readonly pmds: readonly PmdBox[]
}

export interface TableBox {
  readonly name: string
  readonly state: number
  readonly entries: readonly number[]
}

export interface FileBox {
  readonly name: string
  readonly size: number
  /** Whether each folio is in the page cache. */
  readonly folios: readonly Labelled[]
}

export interface Layout {
  readonly mms: readonly MmBox[]
  readonly tables: readonly TableBox[]
  readonly files: readonly FileBox[]
}

/** What a VMA is told by, in this order. */
const VMA_VARIABLES = ['vm_start', 'vm_end', 'vm_flags', 'anon_vma'] as const

/** The places of everything that is drawn. A variable that the model does not have is left out. */
export function layoutOf({ world, file }: Scenario, model: LoweredModel): Layout {
  const slotOf = new Map(model.slots.map((s, i) => [s.name, i]))
  const at = (name: string): number => slotOf.get(name) ?? -1
  const names = (set: string): readonly string[] => world.names[set] ?? []
  const entriesOf = Array.from({ length: world.ptes }, (_, i) => i)
  const pagesUnder = new Map<number, { name: string; entry: number }[]>()
  for (const m of world.mappings)
    for (let n = 0; n < m.pages; n++) {
      const number = m.firstPage + n
      const under = world.pmdOf(number)
      const page = { name: names('page')[number] ?? '', entry: (m.decl.range.first + n) % world.ptes }
      pagesUnder.set(under, [...(pagesUnder.get(under) ?? []), page])
    }
  const mmOfPmd = (pmd: number): number =>
    world.mappings.find((m) => world.pmdOf(m.firstPage) <= pmd && pmd <= world.pmdOf(m.firstPage + m.pages - 1))?.mm ??
    0
  const vmaBox = (name: string): VmaBox => ({
    name,
    attached: at(`${name}.attached`),
    variables: VMA_VARIABLES.map((label) => ({ label, slot: at(`${name}.${label}`) })).filter((v) => v.slot >= 0),
  })
  return {
    mms: world.mms.map((name, mm) => ({
      name,
      vmas: world.mappings
        .filter((m) => m.mm === mm)
        .flatMap((m) => Array.from({ length: m.vmas }, (_, i) => vmaBox(names('vma')[m.vma + i] ?? ''))),
      pmds: names('pmd').flatMap((pmd, i) =>
        mmOfPmd(i) === mm
          ? [{ name: pmd, kind: at(`${pmd}.kind`), table: at(`${pmd}.table`), pages: pagesUnder.get(i) ?? [] }]
          : [],
      ),
    })),
    tables: names('table').map((name) => ({
      name,
      state: at(`${name}.state`),
      entries: entriesOf.map((i) => at(`${name}.pte[${i}]`)),
    })),
    files: file.decls.flatMap((d) =>
      d.kind === 'backing'
        ? [
            {
              name: d.name.text,
              size: at(`${d.name.text}.i_size`),
              folios: names('folio')
                .filter((f) => f.startsWith(`${d.name.text}[`) || f.startsWith(`${d.name.text}.huge`))
                .map((label) => ({ label, slot: at(`${label}.cached`) })),
            },
          ]
        : [],
    ),
  }
}
