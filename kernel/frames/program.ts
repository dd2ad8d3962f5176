/**
 * A scenario with page frames as sequences of the probe: what its operations come to in every order in which whole
 * operations can follow one another. Contents tell what was copied and what was shared; no race inside a system
 * call is met so.
 */
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { FillDecl } from '../../model/litmus/ast.ts'
import type { Mapping } from '../../model/scenarios/place.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { operationOf } from '../../model/scenarios/threads.ts'
import { by, madvise, open, read, write } from '../probe/operations.ts'
import { mapCall, mappingOf, pageAt, type Geometry } from '../sequential/statements.ts'
import { skip, type Skip } from '../skip.ts'
import { orders } from './orders.ts'
import { HUGE, NO_HUGE, populated, SHAPES, step, type Shape, type Step } from './shapes.ts'
import { placedOf, type Placed } from './statements.ts'

export interface FramesCall extends Placed {
  readonly register?: string
}

export interface FramesProgram {
  readonly setUp: readonly Step[]
  /** By thread, in the order of its statements. */
  readonly threads: readonly (readonly FramesCall[])[]
  /** The thread whose turn it is, for each order. */
  readonly orders: readonly (readonly number[])[]
}

/** What a page holds that `fill ... write` has filled. */
const FILLED = 1
/** Settings that say how the model is bounded, and nothing that a kernel could be asked for. */
const BOUNDS: readonly string[] = ['frames', 'large', 'ptes', 'tables', 'vmas']
const ORDERS_MAX = 500

const fillOf = (s: Scenario, m: Mapping): FillDecl | undefined =>
  s.file.decls.find((d): d is FillDecl => d.kind === 'fill' && d.name.text === m.name)

const collapses = ({ file }: Scenario): boolean =>
  file.threads.some((t) => t.stmts.some((x) => operationOf(x).name === 'khugepaged'))

/** The shape that a litmus file asks for; undefined for memory that is mapped and touched as it says. */
function shapeOf(s: Scenario, m: Mapping): Shape | undefined {
  const access = fillOf(s, m)?.access
  const name = ((): string | undefined => {
    if (m.shared || (access !== 'write' && access !== 'pmd')) return undefined
    if (m.file?.hugetlb === true) return s.world.mappings.some((x) => x.shared) ? undefined : 'hugetlb'
    if (m.file !== undefined) return undefined
    // MADV_COLLAPSE is asked for a range that a PMD could map, and that PTEs map.
    return access === 'pmd' ? 'THP' : collapses(s) ? 'PTE-mapped THP' : 'base page'
  })()
  return name === undefined ? undefined : SHAPES[name]
}

const isLarge = (s: Scenario): boolean =>
  s.world.backings.some((b) => b.hugetlb === true) ||
  s.file.decls.some((d) => d.kind === 'fill' && (d.access === 'pmd' || d.access === 'huge_zero')) ||
  collapses(s)

/** Memory that has no shape: mapped, and touched where the file says so. */
function plain(g: Geometry, s: Scenario, m: Mapping): readonly Step[] | undefined {
  const missing = m.file?.hugetlb === true ? NO_HUGE : undefined
  const mapped = step(mapCall(g, m, 0, m.pages), missing)
  const fill = fillOf(s, m)
  if (fill === undefined) return [mapped]
  const page = pageAt(g, m, fill.range.first)
  const how = fill.access ?? 'read'
  if (how === 'write') return [mapped, step(write(page, FILLED))]
  if (how === 'read') return [mapped, step(read(page), missing)]
  if (how !== 'huge_zero') return undefined
  return [mapped, step(madvise(page, HUGE, 'hugepage')), step(read(page)), populated(page + 1)]
}

/** The program of a scenario, or what of it no kernel can be asked to do. `shape` is for its private mapping, instead of its own. */
export function framesProgram(s: Scenario, shape?: Shape): Result<FramesProgram, Skip> {
  const no = (message: string): { readonly ok: false; readonly error: Skip } => failed(skip('feature', message))
  const { world, file } = s
  const other = file.decls.find(
    (d) => d.kind === 'vma' || d.kind === 'cache' || (d.kind === 'setting' && !BOUNDS.includes(d.name.text)),
  )
  if (other !== undefined) return no(`'${other.kind}' has no counterpart in a sequence`)
  const first = world.mappings.filter((m) => m.parent === undefined)
  if (first.some((m) => m.mm !== 0 || m.unmapped)) return no('mappings that are not there at the start')
  const shapes = first.map((m) => shapeOf(s, m))
  const shaped = shapes.map((own) => (own === undefined ? undefined : (shape ?? own)))
  const size = shaped.find((x) => x !== undefined)?.pages
  const pages = Math.max(...first.map((m) => m.pages))
  const block = size === undefined ? (isLarge(s) ? HUGE : 1) : size / pages
  if (!Number.isInteger(block)) return no(`${pages} pages are none of this shape`)
  const g: Geometry = { world, block }
  const setUp: Step[] = world.backings
    .filter((b) => shape === undefined || world.mappings.some((m) => m.file === b))
    .filter((b) => world.mappings.some((m, i) => m.file === b && shaped[i] === undefined))
    .map((b) => step(open(b.file, b.hugetlb === true ? 'hugetlb' : b.shmem ? 'memfd' : 'file', b.size * block)))
  for (const [i, m] of first.entries()) {
    const made = shaped[i]?.setUp(pageAt(g, m, 0), FILLED) ?? plain(g, s, m)
    if (made === undefined) return no(`the first contents of '${m.name}' have no counterpart in a sequence`)
    setUp.push(...made)
  }
  const threads: FramesCall[][] = []
  const homes: number[] = []
  const forks: (readonly [thread: number, at: number] | undefined)[] = world.mms.map(() => undefined)
  for (const [number, t] of file.threads.entries()) {
    const named = t.mm === undefined ? undefined : world.mms.indexOf(t.mm.text)
    const home = named ?? t.stmts.map((x) => mappingOf(g, x.args[0])?.mm).find((mm) => mm !== undefined) ?? 0
    homes.push(home)
    const calls: FramesCall[] = []
    for (const stmt of t.stmts) {
      const { name } = operationOf(stmt)
      const placed = placedOf(g, t.stmts, stmt)
      if (placed === undefined) return no(`'${stmt.op.text}' is not run in sequences of page frames`)
      const child = stmt.args[0]?.kind === 'name' ? world.mms.indexOf(stmt.args[0].name.text) : -1
      if (name === 'fork') forks[child] = [number, calls.length]
      if (name === 'fork' && home !== 0) return no('a fork by a child')
      // An exit is waited for by the parent, so that its steps name their processes themselves.
      const placedBy = name === 'exit' ? placed.steps : placed.steps.map((x) => ({ ...x, op: by(home, x.op) }))
      const register = stmt.register === undefined ? {} : { register: `P${t.thread.index}:${stmt.register.text}` }
      calls.push({ ...placed, steps: placedBy, ...register })
    }
    threads.push(calls)
  }
  if (homes.some((h) => h !== 0 && forks[h] === undefined)) return no('processes that none of the file forks')
  const all = orders(
    threads.map((t) => t.length),
    (thread, done) => {
      const fork = forks[homes[thread] ?? 0]
      return fork === undefined || (done[fork[0]] ?? 0) > fork[1]
    },
  )
  if (all.length > ORDERS_MAX) return no(`${all.length} orders of its operations are too many`)
  return ok({ setUp, threads, orders: all })
}
