/**
 * A scenario as a program for a real kernel: threads, their calls, and what is looked at afterwards.
 * Model pages are blocks of real ones, as template.c tells under "Geometry".
 */
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Trace } from '../../counterexamples/trace.ts'
import type { Arg, Stmt } from '../../model/litmus/ast.ts'
import { operationOf } from '../../model/scenarios/threads.ts'
import type { Mapping } from '../../model/scenarios/place.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { UFFD } from '../probe/constants.ts'
import { hasMemoryFailure } from '../sequential/poison.ts'
import { skip, type Skip } from '../skip.ts'

export interface RaceMapping {
  readonly process: number
  /** -1 for anonymous memory. */
  readonly file: number
  /** In pages of the model: where in the file (and in its table) it begins, and its length. */
  readonly first: number
  readonly pages: number
  readonly writable: boolean
  readonly shared: boolean
}

const FILE_OPS = ['punch_hole', 'ftruncate', 'invalidate'] as const
const UFFD_OPS = ['uffd_register', 'uffd_copy', 'uffd_zeropage', 'uffd_poison', 'uffd_protect', 'uffd_wake'] as const
const MAPPING_OPS = [
  'guard_install',
  'guard_remove',
  'process_guard_install',
  'process_guard_remove',
  'dontneed',
  'madvise_remove',
  'munmap',
  'mprotect',
  'read',
  'write',
  'keep_reading',
  'madvise_collapse',
] as const
export type RaceOpName = (typeof FILE_OPS | typeof UFFD_OPS | typeof MAPPING_OPS)[number] | 'collapse'

/** What a thread does: a call on pages of a mapping, or an access to its page `first`. */
export interface RaceOp {
  readonly name: RaceOpName
  /** The number of its mapping, or of its file where it works on one. */
  readonly mapping: number
  readonly first: number
  readonly pages: number
  /** `rw` of mprotect(), `missing` of UFFDIO_REGISTER; empty for others. */
  readonly word: string
  /** Of process_madvise(): all of them, the first included. */
  readonly ranges: readonly { readonly first: number; readonly pages: number }[]
  /** Number of the result that it sets; -1 for none. */
  readonly result: number
  /** How it stands in the litmus file. */
  readonly text: string
}

export interface RaceThread {
  readonly name: string
  readonly process: number
  readonly ops: readonly RaceOp[]
}

/** Consecutive steps of a trace by one thread in one operation. */
export interface TracePart {
  readonly thread: number
  readonly op: number
  readonly steps: number
}

export interface RaceProgram {
  readonly ptes: number
  readonly processes: number
  /** Lengths in pages of the model. */
  readonly files: readonly { readonly pages: number; readonly plain: boolean }[]
  /** Real pages that stand for one of the model. */
  readonly block: number
  /** Flags of userfaultfd's features, where anything is registered with one. */
  readonly uffd?: number
  /** Some thread may wait without end: it is not waited for; who waits for userfaultfd is woken after the round. */
  readonly waits: boolean
  /** Pages are poisoned, and the kernel gives their SIGBUS no code of its own. */
  readonly plainPoison: boolean
  /** The page cache begins with huge folios. */
  readonly huge: boolean
  /** Those of the scenario first; then those of processes that stand for khugepaged. */
  readonly mappings: readonly RaceMapping[]
  readonly fills: readonly {
    readonly mapping: number
    readonly page: number
    readonly how: 'read' | 'write' | 'guard'
  }[]
  readonly threads: readonly RaceThread[]
  /** `P0:r0`, and what kind of operation sets it. */
  readonly results: readonly { readonly register: string; readonly access: boolean }[]
  /** Names of the observed pages, `a[0]`: those of the scenario's mappings, in order. */
  readonly pages: readonly string[]
  readonly trace: readonly TracePart[]
}

const ALL: readonly RaceOpName[] = [...MAPPING_OPS, ...FILE_OPS, ...UFFD_OPS, 'collapse']
const isFileOp = (name: RaceOpName): boolean => FILE_OPS.some((n) => n === name)
const isUffdOp = (name: RaceOpName): boolean => UFFD_OPS.some((n) => n === name)

/** Entries of a real page table with pages of 4 KiB. */
const REAL_PTES = 512
/** As the template has it. */
const OPS_MAX = 16

const shownArg = (a: Arg): string => {
  switch (a.kind) {
    case 'name':
      return a.name.text
    case 'pages':
      return `${a.name.text}[${a.range.first === a.range.last ? a.range.first : `${a.range.first}..${a.range.last}`}]`
    case 'number':
      return String(a.value)
  }
}
const shown = (s: Stmt): string =>
  `${s.register === undefined ? '' : `${s.register.text} = `}${s.op.text}(${s.args.map(shownArg).join(', ')})`

/** What a program may have besides operations that return. */
export interface Unending {
  /** Threads that go on and on: only for a program that measures how long the others take. */
  readonly keeps?: true
  /** Faults that wait for userfaultfd: only where somebody looks for those that are not woken. */
  readonly waits?: true
}

/** The program of a scenario, or what of it no real kernel can be asked to do. */
export function raceProgram(scenario: Scenario, trace?: Trace, may: Unending = {}): Result<RaceProgram, Skip> {
  const { world, file } = scenario
  const no = (message: string): { readonly ok: false; readonly error: Skip } => failed(skip('feature', message))
  const names = file.threads.flatMap((t) => t.stmts.map((s) => operationOf(s).name))
  // A table that is collapsed must be full of blocks; for anything else a page is a page.
  const tables = names.some((n) => n === 'collapse' || n === 'madvise_collapse')
  if (tables && REAL_PTES % world.ptes !== 0)
    return no(`a page table of ${world.ptes} entries has no counterpart: use 1, 2, 4 or 8`)
  const mappings: RaceMapping[] = world.mappings.map((m) => ({
    process: m.mm,
    file: m.file?.file ?? -1,
    first: m.decl.range.first,
    pages: m.pages,
    writable: m.writable,
    shared: m.shared,
  }))
  const fills = fillsOf(scenario)
  if (!fills.ok) return fills
  const waits = file.decls.some((d) => d.kind === 'setting' && d.name.text === 'uffd_waits')
  if (waits && may.waits !== true) return no('a fault that waits for userfaultfd has no end to look at')
  if (world.mappings.some((x) => x.unmapped)) return no('a mapping that is not there at the start')
  const results: { register: string; access: boolean }[] = []
  const threads: RaceThread[] = []
  let processes = world.mms.length
  for (const t of file.threads) {
    const name = `P${t.thread.index}`
    const ops: RaceOp[] = []
    const homes = new Set<number>()
    if (t.stmts.length > OPS_MAX) return no(`${name} has more than ${OPS_MAX} operations`)
    const own = new Map<number, number>()
    for (const s of t.stmts) {
      const { name: called } = operationOf(s)
      const op = ALL.find((n) => n === called)
      const [arg, more] = s.args
      if (op === undefined || arg === undefined || arg.kind === 'number')
        return no(`'${s.op.text}' is not run on a real kernel yet`)
      if (op === 'keep_reading' && (may.keeps !== true || t.stmts.length > 1))
        return no(`'${s.op.text}' has no end to look at`)
      const result = s.register === undefined ? -1 : results.length
      if (s.register !== undefined)
        results.push({
          register: `${name}:${s.register.text}`,
          access: op === 'read' || op === 'write' || op === 'keep_reading',
        })
      if (op === 'collapse') {
        const backing = world.backings.find((b) => b.name === arg.name.text)
        if (backing === undefined) return no(`no file named '${arg.name.text}'`)
        // khugepaged works for some other process: one that maps the file too and calls MADV_COLLAPSE.
        const mapping = own.get(backing.file) ?? mappings.length
        if (!own.has(backing.file)) {
          own.set(backing.file, mapping)
          mappings.push({
            process: processes,
            file: backing.file,
            first: 0,
            pages: backing.pages,
            writable: true,
            shared: true,
          })
        }
        const first = arg.kind === 'pages' ? Math.floor(arg.range.first / world.ptes) * world.ptes : 0
        ops.push({ name: op, mapping, first, pages: world.ptes, word: '', ranges: [], result, text: shown(s) })
        continue
      }
      if (isFileOp(op)) {
        const backing = world.backings.find((b) => b.name === arg.name.text)
        if (backing === undefined) return no(`no file named '${arg.name.text}'`)
        const range = arg.kind === 'pages' ? arg.range : { first: 0, last: backing.pages - 1 }
        const first = more?.kind === 'number' ? more.value : range.first
        const pages = range.last - range.first + 1
        ops.push({ name: op, mapping: backing.file, first, pages, word: '', ranges: [], result, text: shown(s) })
        continue
      }
      const m = world.mappings.find((x) => x.name === arg.name.text)
      if (m === undefined) return no(`no mapping named '${arg.name.text}'`)
      homes.add(m.mm)
      if (isUffdOp(op) && m.mm !== 0) return no('userfaultfd of another process')
      const word = more?.kind === 'name' ? more.name.text : ''
      const ranges = op.startsWith('process_')
        ? s.args.flatMap((a) => (a.kind === 'number' ? [] : [pagesOf(a, m)]))
        : []
      ops.push({ name: op, ...pagesOf(arg, m), word, ranges, result, text: shown(s) })
    }
    if (own.size > 0 && homes.size > 0)
      return no(`${name} is khugepaged in one operation and a process in another: give 'collapse' a thread of its own`)
    if (homes.size > 1) return no(`${name} works on mappings of several processes`)
    const [home] = homes
    threads.push({ name, process: own.size > 0 ? processes++ : (home ?? 0), ops })
  }
  return ok({
    ptes: world.ptes,
    processes,
    files: world.backings.map((b) => ({ pages: b.pages, plain: !b.shmem })),
    block: tables ? REAL_PTES / world.ptes : 1,
    ...uffdOf(threads, waits),
    waits,
    plainPoison: names.includes('uffd_poison') && !names.includes('ftruncate') && !hasMemoryFailure(),
    huge: world.huge,
    mappings,
    fills: fills.value,
    threads,
    results,
    pages: world.mappings.flatMap((m) => Array.from({ length: m.pages }, (_, n) => `${m.name}[${n}]`)),
    trace: trace === undefined ? [] : partsOf(scenario, trace),
  })
}

function pagesOf(arg: Exclude<Arg, { kind: 'number' }>, m: Mapping): Pick<RaceOp, 'mapping' | 'first' | 'pages'> {
  const range = arg.kind === 'pages' ? arg.range : { first: 0, last: m.pages - 1 }
  return { mapping: m.vma, first: range.first, pages: range.last - range.first + 1 }
}

/** UFFD_FEATURE_SIGBUS where no fault is to wait, and what markers of write protection and of poison take. */
function uffdOf(threads: readonly RaceThread[], waits: boolean): Pick<RaceProgram, 'uffd'> {
  const ops = threads.flatMap((t) => t.ops).filter((o) => isUffdOp(o.name))
  if (ops.length === 0) return {}
  const { sigbus, wp_hugetlbfs_shmem, poison } = UFFD.feature
  const protects = ops.some((o) => o.word.endsWith('wp'))
  const poisons = ops.some((o) => o.name === 'uffd_poison')
  return { uffd: (waits ? 0 : sigbus) | (protects ? wp_hugetlbfs_shmem : 0) | (poisons ? poison : 0) }
}

/** The pages that are there at the start, or the declaration of one that no call brings about. */
function fillsOf({ file, world }: Scenario): Result<RaceProgram['fills'], Skip> {
  const no = (what: string): { readonly ok: false; readonly error: Skip } =>
    failed(skip('feature', `'${what}' has no counterpart in a race: no call brings it about`))
  const out: { mapping: number; page: number; how: 'read' | 'write' | 'guard' }[] = []
  for (const d of file.decls) {
    if (d.kind === 'vma' || d.kind === 'cache') return no(`${d.kind} ${d.name.text}`)
    const m = d.kind === 'fill' ? world.mappings.find((x) => x.name === d.name.text) : undefined
    if (d.kind !== 'fill' || m === undefined) continue
    const how = d.access ?? 'read'
    if (how !== 'read' && how !== 'write' && how !== 'guard') return no(`fill ${d.name.text} ${how}`)
    for (let page = d.range.first; page <= d.range.last; page++) out.push({ mapping: m.vma, page, how })
  }
  return ok(out)
}

/** The first part of the labels of each operation of a thread, as threads.ts gives it. */
export function labelsOf(stmts: readonly Stmt[]): readonly string[] {
  const times = new Map<string, number>()
  return stmts.map((s) => {
    const n = (times.get(s.op.text) ?? 0) + 1
    times.set(s.op.text, n)
    return n === 1 ? s.op.text : `${s.op.text}_${n}`
  })
}

/** Which operation of its thread a step belongs to, by its label. */
function partsOf({ file }: Scenario, trace: Trace): readonly TracePart[] {
  const labels = file.threads.map((t) => labelsOf(t.stmts))
  const parts: { thread: number; op: number; steps: number }[] = []
  for (const { thread, step } of trace.steps) {
    const number = file.threads.findIndex((t) => `P${t.thread.index}` === thread.name)
    const op = labels[number]?.indexOf(step.label.split('.')[0] ?? '') ?? -1
    if (op < 0) continue
    const last = parts.at(-1)
    if (last?.thread === number && last.op === op) last.steps++
    else parts.push({ thread: number, op, steps: 1 })
  }
  return parts
}
