/** A core model on a kernel, at the sizes that a proof needs: the system, its worlds, and its shape. */
import { page } from '../../model/mm/mm_types.ts'
import type { Kernel } from '../../model/kernels/kernel.ts'
import { withoutBooks } from './books.ts'
import { instanceOf, worldOf, type Core, type Sizes } from './core.ts'
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
  /** The instance whose sizes say which sets there are. */
  readonly finite: Finite
  /** Several sizes: what begins alike in all begins so at any size. */
  readonly worlds: readonly Finite[]
}

const SMALL: Sizes = { threads: 2, pages: 2, tables: 3 }

/** Where a VMA has two neighbours, it takes three pages. */
const sizesOf = (core: Core): Sizes => (core.vmas === undefined ? SMALL : { ...SMALL, pages: 3 })

export function setUp(core: Core, kernel: Kernel, sizes: Sizes = sizesOf(core)): Setup {
  const small = instanceOf(core, kernel, sizes)
  const whole = systemOf(small.program, [small.user, ...small.singles], new Set(small.singles.map((t) => t.name)))
  const raw = core.forks === undefined ? whole : withoutBooks(whole, core.forks.books)
  const at = (n: Sizes): Finite => finiteOf(raw, worldOf(core, kernel, n))
  const all = [1, 2, 3, 4, 5, 6, 7, 8].map((pages) => at({ ...sizes, pages }))
  const worlds = all.slice(1, 4)
  const finite = at(sizes)
  const domain = unboundedDomain(finite.sizes)
  const geometry = uniformGeometry(worlds, domain)
  for (const world of all) {
    const slots = world.geometry.get(page.slot.decl.name) ?? []
    if (slots.some((v, i) => v !== (i % (world.sizes['slot'] ?? 1)) + 1))
      throw new Error('slots are not the pages of a world')
    for (const { name, expr } of axiomsOf(world.sizes))
      if (evaluatorOf(world, expr)({ state: world.initial, self: 0, bound: [] }) === 0)
        throw new Error(`not so in a world of ${world.sizes['page'] ?? 0} pages: ${name}`)
  }
  const system = specialised(raw, domain, geometry)
  return { core, kernel, system, domain, geometry, finite: { ...finite, system }, worlds }
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
