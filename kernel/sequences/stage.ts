/** A world on both sides: as a scenario of the model, and as calls of the probe. */
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import type { LitmusFile, Stmt } from '../../model/litmus/ast.ts'
import { scenarioOf, type Scenario } from '../../model/scenarios/scenario.ts'
import { ADVICE, MAP, UFFD } from '../probe/constants.ts'
import { by, fork, mmap, op, pagemap, uffdOpen, vmas, type ProbeOp } from '../probe/operations.ts'
import { REAL_PTES, sequentialProgram } from '../sequential/program.ts'
import { callOf, mappingOf, pageAt, type Call, type Geometry } from '../sequential/statements.ts'
import type { SequenceOp } from './operations.ts'
import type { SequenceWorld } from './world.ts'

/** What the model is: a kernel, with labels left out or mutated. */
export interface ModelOf {
  readonly kernel: Kernel
  readonly without: readonly string[]
}

/** Far from every mapping: where the process that stands for khugepaged maps the file. */
const ELSEWHERE = 1 << 20

/** One mapping as it is looked at. */
export interface Look {
  readonly name: string
  readonly pages: number
  readonly process: number
  /** Its pages may have private copies, and its VMAs an anon_vma. */
  readonly private: boolean
  /** First real page. */
  readonly page: number
}

export interface Placed {
  readonly op: ProbeOp
  /** Absent for what gives no result. */
  readonly call?: Call
}

export interface Stage {
  readonly world: SequenceWorld
  readonly block: number
  readonly looks: readonly Look[]
  /** Brings the world about: every one of these has to succeed. */
  readonly setUp: readonly ProbeOp[]
  /** The scenario of one statement alone; absent where the model of the kernel does not have the memory. */
  readonly scenario?: (o: SequenceOp) => Scenario
  readonly place: (o: SequenceOp) => Placed
  /** What is asked after each operation. */
  readonly observe: readonly ProbeOp[]
  /** After all of them. */
  readonly end: readonly ProbeOp[]
}

const inMm = (o: SequenceOp): string => (o.mm === undefined ? '' : ` in ${o.mm}`)

/** One statement as a litmus file. Worlds of userfaultfd have a second thread, without which its paths are not built. */
const alone = (w: SequenceWorld, o: SequenceOp): string =>
  `MM ${w.name}\nkernel v6.18\n{ ${w.declarations} }\nP0${inMm(o)} { ${o.result ? 'r0 = ' : ''}${o.text}; }\n` +
  (w.uffd === true ? 'P1 { uffd_register(a, missing); }\n' : '')

function parsed(w: SequenceWorld, o: SequenceOp): LitmusFile {
  const made = parseLitmus({ name: w.name, text: alone(w, o) })
  if (!made.ok) throw new Error(`world ${w.name}, ${o.text}: ${made.diagnostics[0]?.message ?? ''}`)
  return made.file
}

/** The scenario with its first thread and the callbacks only. */
function elaborated(w: SequenceWorld, { kernel, without }: ModelOf, o: SequenceOp): Scenario {
  const scenario = scenarioOf(parsed(w, o), kernel, without)
  if (scenario === undefined) throw new Error(`world ${w.name}: '${o.text}' is none of the model's`)
  const { program } = scenario
  return { ...scenario, program: { ...program, threads: program.threads.filter((t) => t.name !== 'P1') } }
}

/** Shared anonymous memory is shmem to the model, and no file to the process. */
function withoutFile(setUp: readonly ProbeOp[]): readonly ProbeOp[] {
  const flags = MAP.shared | MAP.anonymous
  return setUp.flatMap((o) => {
    if (o.name === 'open') return []
    const [page = 0, n = 0] = o.args
    return o.name === 'mmap' ? [mmap(page, n, 'rw', flags)] : [o]
  })
}

function processOf(g: Geometry, stmt: Stmt | undefined, o: SequenceOp): number {
  if (o.mm !== undefined) return Math.max(0, g.world.mms.indexOf(o.mm))
  return mappingOf(g, stmt?.args[0])?.mm ?? 0
}

const { sigbus, wp_hugetlbfs_shmem, poison } = UFFD.feature

/** Makes a world ready. Throws where it is none that the model and the probe have, which is a mistake of the world. */
export function newStage(w: SequenceWorld, of: ModelOf): Stage {
  const collapses = w.collapses === true
  const first: SequenceOp = { text: collapses ? 'madvise_collapse(a)' : 'read(a[0])', result: true }
  const base = elaborated(w, of, w.child === undefined ? first : { ...first, mm: 'A' })
  const program = sequentialProgram({ ...base, file: { ...base.file, threads: base.file.threads.slice(0, 1) } })
  if (!program.ok) throw new Error(`world ${w.name}: ${program.error.message}`)
  const g: Geometry = { world: base.world, block: collapses ? REAL_PTES / base.world.ptes : 1 }
  const helper = collapses && base.world.backings.length > 0
  const looks = base.world.mappings.map((m): Look => ({
    name: m.name,
    pages: m.pages,
    process: m.mm,
    private: !m.shared,
    page: pageAt(g, m, 0),
  }))
  const mapped = w.anonymous === true ? withoutFile(program.value.setUp) : program.value.setUp
  const places = new Map<string, Placed>()
  const place = (o: SequenceOp): Placed => {
    const known = places.get(o.text)
    if (known !== undefined) return known
    const made = placeOf(o)
    places.set(o.text, made)
    return made
  }
  const placeOf = (o: SequenceOp): Placed => {
    if (o.text === 'collapse(f)') return { op: by(1, op('madvise', ELSEWHERE, REAL_PTES, ADVICE.collapse)) }
    const stmt = parsed(w, o).threads[0]?.stmts[0]
    const call = stmt === undefined ? undefined : callOf(g, stmt)
    if (call === undefined) throw new Error(`world ${w.name}: '${o.text}' is not run by the probe`)
    const placed = by(processOf(g, stmt, o), call.op)
    return o.result ? { op: placed, call } : { op: placed }
  }
  return {
    world: w,
    block: g.block,
    looks,
    setUp: [
      ...mapped,
      ...(w.uffd === true ? [uffdOpen(sigbus | wp_hugetlbfs_shmem | poison)] : []),
      ...(helper ? [fork(1), by(1, mmap(ELSEWHERE, REAL_PTES, 'rw', MAP.shared, 0))] : []),
    ],
    scenario: (o) => elaborated(w, of, o),
    place,
    observe: looks.flatMap((l) => [
      by(l.process, pagemap(l.page, l.pages, g.block)),
      by(l.process, vmas(l.page, l.pages * g.block)),
    ]),
    end: helper ? [by(1, op('exit'))] : [],
  }
}

/** A sequence as a litmus file that `conform` and `check` read. Where there is a child, its order stands in a comment. */
export function litmusText(w: SequenceWorld, kernel: string, ops: readonly SequenceOp[], name = 'sequence'): string {
  if (findKernel(kernel) === undefined) throw new Error(`no kernel '${kernel}'`)
  const threads = w.child === undefined ? [undefined] : ['A', w.child]
  const lists = threads
    .map((mm) => ({ mm, mine: ops.filter((o) => mm === undefined || (o.mm ?? 'A') === mm) }))
    .filter(({ mine }) => mine.length > 0)
  const body = lists.map(({ mm, mine }, i) => {
    let register = 0
    const lines = mine.map((o) => `  ${o.result ? `r${register++} = ` : ''}${o.text};\n`)
    return `P${i}${mm === undefined ? '' : ` in ${mm}`} {\n${lines.join('')}}\n`
  })
  const order = w.child === undefined ? '' : `(* in this order: ${ops.map((o) => o.text).join('; ')} *)\n`
  return `MM ${name}\n${order}kernel ${kernel}\n{ ${w.declarations} }\n${body.join('')}`
}
