/**
 * A litmus file whose order is no matter, as a sequence of the probe: one thread, or a process and the
 * children that it forks, each in an mm of its own, which are run one after the other.
 */
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Stmt } from '../../model/litmus/ast.ts'
import type { Mapping } from '../../model/scenarios/place.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { by, madvise, op, open, pagemap, read, uffdOpen, write, type ProbeOp } from '../probe/operations.ts'
import { UFFD } from '../probe/constants.ts'
import { skip, type Skip } from '../skip.ts'
import { callOf, isUffd, mapCall, mappingOf, pageAt, type Call, type Geometry } from './statements.ts'

export interface SequentialProgram {
  /** Brings the first state about: every one of these has to succeed. */
  readonly setUp: readonly ProbeOp[]
  readonly calls: readonly { readonly op: ProbeOp; readonly call: Call; readonly register?: string }[]
  /** The guard bits of each mapping, at the end; `pages` are their names. */
  readonly looks: readonly { readonly op: ProbeOp; readonly pages: readonly string[] }[]
}

/** Entries of a real page table with pages of 4 KiB. */
export const REAL_PTES = 512
const O_RDONLY = 0
const F_SEAL_WRITE = 8
/** Processes that the probe can run; the first is there at the start. */
const PROCESSES = 4

const CHANGES_FILE: readonly string[] = ['ftruncate', 'punch_hole', 'madvise_remove']

/** A file that nobody maps for writing is opened for reading only, or sealed, as the selftests do it. */
function backings({ world, file }: Scenario, block: number): readonly ProbeOp[] {
  const changed = file.threads.some((t) => t.stmts.some((s) => CHANGES_FILE.includes(s.op.text) || isUffd(s)))
  return world.backings.flatMap((b) => {
    const made = open(b.file, b.shmem ? 'memfd' : 'file', b.size * block)
    const readOnly = world.mappings.filter((m) => m.file === b).every((m) => !m.writable)
    if (!readOnly || changed) return [made]
    return [made, b.shmem ? op('seal', b.file, F_SEAL_WRITE) : op('reopen', b.file, b.file, O_RDONLY)]
  })
}

function fills(g: Geometry, { file }: Scenario): readonly ProbeOp[] | undefined {
  const out: ProbeOp[] = []
  for (const d of file.decls) {
    if (d.kind !== 'fill') continue
    const m = mappingOf(g, { kind: 'name', name: d.name })
    if (m === undefined || d.access === 'pmd') return undefined
    for (let n = d.range.first; n <= d.range.last; n++) {
      const page = pageAt(g, m, n)
      if (d.access === 'guard') out.push(madvise(page, g.block, 'guard_install'))
      else out.push(d.access === 'write' ? write(page, 1) : read(page))
    }
  }
  return out
}

function uffd({ file }: Scenario): readonly ProbeOp[] {
  const all = file.threads.flatMap((t) => t.stmts).filter(isUffd)
  if (all.length === 0) return []
  const waits = file.decls.some((d) => d.kind === 'setting' && d.name.text === 'uffd_waits')
  const protects = all.some(
    (s) => s.op.text === 'uffd_protect' || s.args.some((a) => a.kind === 'name' && a.name.text.endsWith('wp')),
  )
  const poisons = all.some((s) => s.op.text === 'uffd_poison')
  const { sigbus, wp_hugetlbfs_shmem, poison } = UFFD.feature
  return [uffdOpen((waits ? 0 : sigbus) | (protects ? wp_hugetlbfs_shmem : 0) | (poisons ? poison : 0))]
}

/** The program of a scenario, or what of it cannot be run so. */
export function sequentialProgram(scenario: Scenario): Result<SequentialProgram, Skip> {
  const { world, file } = scenario
  const no = (message: string): { readonly ok: false; readonly error: Skip } => failed(skip('feature', message))
  const collapses = file.threads.some((t) => t.stmts.some((s) => s.op.text === 'madvise_collapse'))
  if (world.huge || world.oom) return no("the settings 'huge' and 'oom' have no counterpart in a sequence")
  if (collapses && REAL_PTES % world.ptes !== 0)
    return no(`a page table of ${world.ptes} entries has no counterpart: use 1, 2, 4 or 8`)
  if (world.mms.length > PROCESSES) return no(`more than ${PROCESSES} processes`)
  const g: Geometry = { world, block: collapses ? REAL_PTES / world.ptes : 1 }
  const forked = (m: Mapping): boolean => m.parent !== undefined
  if (world.mappings.some((m) => (m.mm === 0) === forked(m))) return no('processes that none of the file forks')
  const calls: { op: ProbeOp; call: Call; register?: string }[] = []
  const homes = new Set<number>()
  for (const t of file.threads) {
    const home = homeOf(g, t.stmts)
    if (home === undefined || homes.has(home)) return no('several threads of one process')
    homes.add(home)
    for (const s of t.stmts) {
      const call = callOf(g, s)
      if (call === undefined) return no(`'${s.op.text}' is not run in sequences`)
      if (isUffd(s) && home !== 0) return no('userfaultfd of a child')
      const register = s.register === undefined ? {} : { register: `P${t.thread.index}:${s.register.text}` }
      calls.push({ op: by(home, call.op), call, ...register })
    }
  }
  const filled = fills(g, scenario)
  if (filled === undefined) return no("'fill ... pmd' has no counterpart in a sequence")
  const mapped = world.mappings.filter((m) => !m.unmapped).map((m) => mapCall(g, m, 0, m.pages))
  return ok({
    setUp: [...backings(scenario, g.block), ...mapped, ...uffd(scenario), ...filled],
    calls,
    looks: world.mappings.map((m) => ({
      op: by(m.mm, pagemap(pageAt(g, m, 0), m.pages, g.block)),
      pages: Array.from({ length: m.pages }, (_, n) => `${m.name}[${n}]`),
    })),
  })
}

/** The process that a thread runs in: that of the mappings it names. */
function homeOf(g: Geometry, stmts: readonly Stmt[]): number | undefined {
  for (const s of stmts)
    for (const a of s.args) {
      const m = mappingOf(g, a)
      if (m !== undefined) return m.mm
    }
  return stmts.every((s) => s.op.text !== 'exit') ? 0 : undefined
}
