/** A core model on a kernel, at the sizes that a proof needs: the system, its worlds, and its shape. */
import type { Field } from '../../model/language/expr.ts'
import { page } from '../../model/mm/mm_types.ts'
import { bool } from '../../model/language/types.ts'
import type { Kernel } from '../../model/kernels/kernel.ts'
import { instanceOf, type Core, type Sizes } from './core.ts'
import { evaluatorOf, finiteOf, type Finite } from './finite.ts'
import { systemOf } from './inline.ts'
import { axiomsOf, specialised, unboundedDomain, uniformGeometry } from './shape.ts'
import type { Domain, Encoding } from './encode.ts'
import type { System } from './system.ts'

export interface Setup {
  readonly core: Core
  readonly kernel: Kernel
  readonly system: System
  /** Sets of one object; all others have any number. */
  readonly domain: Domain
  readonly geometry: ReadonlyMap<string, readonly number[]>
  /** The instance that candidates are filtered by and that counterexamples to induction are of. */
  readonly finite: Finite
  /** Several sizes: what begins alike in all begins so at any size. */
  readonly worlds: readonly Finite[]
  readonly inRcu: Field
}

const SMALL: Sizes = { threads: 2, pages: 2, tables: 3 }

/** The labels of the programs that one thread alone runs, as a property of labels. */
const singleLabels: Field = { name: 'label.single', sets: ['label'], type: bool, role: 'geometry', initial: 0 }

export function setUp(core: Core, kernel: Kernel, sizes: Sizes = SMALL): Setup {
  const small = instanceOf(core, kernel, sizes)
  const raw = systemOf(small.program, [small.user, small.rcu], new Set(['rcu']))
  const withSingle: System = { ...raw, fields: [...raw.fields, singleLabels] }
  const membership = raw.labels.map((l) => (raw.programs[l.program]?.single === true ? 1 : 0))
  const at = (n: Sizes): Finite => {
    const made = finiteOf(withSingle, instanceOf(core, kernel, n).program)
    return { ...made, geometry: new Map([...made.geometry, [singleLabels.name, [...membership]]]) }
  }
  const worlds = [2, 3, 4].map((pages) => at({ ...sizes, pages }))
  const finite = at(sizes)
  const domain = unboundedDomain(finite.sizes)
  const geometry = new Map<string, readonly number[]>([
    ...uniformGeometry(worlds, domain),
    [singleLabels.name, membership],
  ])
  for (const world of [1, 2, 3, 4, 5, 6, 7, 8].map((pages) => at({ ...sizes, pages }))) {
    const slots = world.geometry.get(page.slot.decl.name) ?? []
    if (slots.some((v, i) => v !== i + 1)) throw new Error('slots are not the pages of a world')
    for (const { name, expr } of axiomsOf(world.sizes))
      if (evaluatorOf(world, expr)({ state: world.initial, self: 0, bound: [] }) === 0)
        throw new Error(`not so in a world of ${world.sizes['page'] ?? 0} pages: ${name}`)
  }
  const system = specialised(withSingle, domain, geometry)
  return { core, kernel, system, domain, geometry, finite: { ...finite, system }, worlds, inRcu: singleLabels }
}

const encoding = (s: Setup, domain: Domain, geometry: Encoding['geometry']): Encoding => ({
  system: s.system,
  domain,
  geometry,
  guardedRelease: s.core.without.length > 0,
  declared: new Map(),
  sorts: new Map(),
  fresh: 0,
})

export const unboundedEncoding = (s: Setup): Encoding => encoding(s, s.domain, s.geometry)
/** Every set as large as in the small instance. */
export function finiteEncoding(s: Setup): Encoding {
  const { label: _, ...domain } = s.finite.sizes
  return encoding(s, domain, s.finite.geometry)
}
