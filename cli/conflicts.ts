/** Options of `check` that do not go together. Each is refused with its reason: ignoring one would be a lie. */
import type { Reduction } from '../solver/reduce/reduced.ts'
import type { Engine } from './cell.ts'
import type { Order } from './order.ts'
import { scenarioPath } from './input.ts'
import { printable, withHelp } from './message.ts'

/** What of the command line can clash; absent where not given. */
export interface CheckRequest {
  readonly operands: readonly string[]
  readonly kernel: readonly string[]
  readonly without: readonly string[]
  readonly mutate?: readonly string[]
  readonly engine: Engine
  readonly depth?: number
  readonly reduce?: readonly Reduction[]
  readonly maxStates?: number
  readonly memory?: number
  readonly timeout?: number
  readonly budget?: number
  readonly update?: boolean
  readonly order?: Order
  readonly liveness?: boolean
  readonly anyStart?: boolean
  readonly solver?: unknown
  readonly smtLog?: string
  readonly workers?: number
  /** A run of many cells, with reports, shards and the like. */
  readonly run?: boolean
  readonly shard?: unknown
  readonly queue?: unknown
  readonly resume?: boolean
  readonly full?: boolean
  readonly json?: boolean
  readonly reporter?: readonly { readonly file?: string }[]
}

interface Conflict {
  readonly when: (r: CheckRequest) => boolean
  readonly error: string
  readonly help: string
}

const given = (x: unknown): boolean => x !== undefined

const isDeep = (r: CheckRequest): boolean => r.order === 'depth-first'

/** What a depth-first search cannot be asked for. */
const DEEP_CONFLICTS: readonly Conflict[] = [
  {
    when: (r) => isDeep(r) && r.engine !== 'explicit' && r.engine !== 'auto',
    error: '--order depth-first is for the explicit engine: the others keep no path, and forget no state',
    help: 'leave out --engine',
  },
  {
    when: (r) => isDeep(r) && (r.reduce ?? []).length > 0,
    error:
      '--order depth-first goes with no reduction: what a reduced search leaves out rests on all that it has stored',
    help: 'leave one of them out',
  },
  {
    when: (r) => isDeep(r) && r.liveness === true,
    error: '--liveness goes breadth first only: it needs the whole graph of states, and depth first some are forgotten',
    help: 'leave out --order',
  },
  {
    when: (r) => isDeep(r) && r.update === true,
    error: '--update records counts and shortest races, which a depth-first search does not have',
    help: 'leave out --order',
  },
  {
    when: (r) => isDeep(r) && r.run === true,
    error: '--order depth-first goes with no option of a run of many cells, which holds them against records',
    help: "leave out --reporter, --jobs and the like: 'check' takes many files by itself",
  },
  {
    when: (r) => isDeep(r) && r.operands.length === 0,
    error: '--order depth-first needs a file: the catalogue is held against counts and shortest races',
    help: 'name the scenarios, or leave out --order',
  },
]

const CONFLICTS: readonly Conflict[] = [
  {
    when: (r) => (r.mutate ?? []).length > 0 && r.kernel.length === 0,
    error: '--mutate needs --kernel',
    help: 'as in \'--kernel v7.0 --mutate "walk_pte_range.map: drop lock"\'',
  },
  {
    when: (r) => r.without.length > 0 && r.kernel.length === 0,
    error: '--without needs --kernel',
    help: "as in '--kernel v7.0 --without retract_page_tables.recheck'",
  },
  {
    when: (r) => r.operands.filter((o) => o === '-').length > 1,
    error: "'-' can be given once: standard input is read to its end",
    help: 'put the second test into a file',
  },
  {
    when: (r) => given(r.depth) && r.engine !== 'smt',
    error: '--depth bounds the smt engine only: the other engines see every depth',
    help: "add '--engine smt', or bound the search by --max-states, --memory or --timeout",
  },
  {
    when: (r) => (r.anyStart === true || given(r.solver) || given(r.smtLog)) && r.engine !== 'smt',
    error: '--any-start, --solver and --smt-log are for the smt engine: the others ask no solver',
    help: "add '--engine smt'",
  },
  {
    when: (r) => (r.anyStart === true || given(r.solver) || given(r.smtLog)) && r.run === true,
    error: '--any-start, --solver and --smt-log go with no option of a run of many cells',
    help: "leave out --reporter, --jobs and the like: 'check' takes many files by itself",
  },
  {
    when: (r) => given(r.maxStates) && r.engine === 'smt',
    error: '--max-states has no meaning for the smt engine, which counts no states',
    help: 'bound it by --depth or --timeout',
  },
  {
    when: (r) => given(r.memory) && (r.engine === 'reference' || r.engine === 'smt'),
    error: '--memory bounds the explicit and wasm engines only',
    help: 'bound the others by --timeout, the reference engine by --max-states as well',
  },
  {
    when: (r) => r.update === true && (r.kernel.length > 0 || r.engine === 'smt'),
    error: '--update records whole scenarios of the catalogue, so it goes with neither --kernel nor --engine smt',
    help: 'leave them out',
  },
  {
    when: (r) => (r.reduce ?? []).length > 0 && (r.engine === 'reference' || r.engine === 'smt'),
    error: '--reduce is for the wasm and the explicit engine only',
    help: "leave it out, or '--engine auto'",
  },
  {
    when: (r) => (r.reduce ?? []).includes('auto') && r.engine === 'explicit',
    error: '--reduce auto is for the wasm engine: what pays was measured with that',
    help: "leave out '--engine explicit', or give '--reduce por'",
  },
  {
    when: (r) => (r.reduce ?? []).length > 1,
    error: '--reduce takes one reduction, and auto chooses between por and none itself',
    help: 'give one of them',
  },
  {
    when: (r) => (r.reduce ?? []).length > 0 && given(r.workers),
    error: '--workers goes with no reduction: a reduced search has one worker',
    help: 'leave one of them out',
  },
  {
    when: (r) => (r.reduce ?? []).length > 0 && r.update === true,
    error: '--update records the counts of full searches, so it goes without --reduce',
    help: 'leave it out',
  },
  {
    when: (r) => r.liveness === true && (r.reduce ?? []).length > 0,
    error: '--liveness goes with no reduction: what is left out may be a loop, or the one way out of it',
    help: 'leave out --reduce',
  },
  {
    when: (r) => r.liveness === true && r.engine !== 'explicit' && r.engine !== 'reference',
    error: '--liveness is for the explicit and the reference engine: the others keep no graph of states',
    help: 'leave out --engine',
  },
  ...DEEP_CONFLICTS,
  {
    when: (r) => given(r.workers) && isDeep(r),
    error: '--workers goes breadth first only: a depth-first search is one path, and one worker goes it',
    help: 'leave one of them out',
  },
  {
    when: (r) => given(r.workers) && r.engine !== 'wasm' && r.engine !== 'auto',
    error: '--workers is for the wasm engine, whose table several threads can share',
    help: "add '--engine auto'; several cells at a time are '--jobs'",
  },
  {
    when: (r) => given(r.workers) && r.run === true,
    error: '--workers is for one search after the other; a run of many cells has --jobs',
    help: 'leave one of them out',
  },
  {
    when: (r) => r.liveness === true && r.update === true,
    error: '--update records what is asked of a scenario without --liveness',
    help: 'leave out --liveness',
  },
  {
    when: (r) => r.update === true && (given(r.maxStates) || given(r.memory) || given(r.timeout) || given(r.budget)),
    error: '--update records complete searches, so it takes no limit',
    help: 'leave out --max-states, --memory, --timeout and --budget',
  },
  {
    when: (r) => r.update === true && given(r.shard),
    error: '--update records a whole run, and a shard is a part of one',
    help: 'leave out --shard',
  },
  {
    when: (r) => r.run === true && r.full === true,
    error: '--full is for races that check prints itself; reports have every step anyway',
    help: 'leave it out',
  },
  {
    when: (r) => r.run === true && r.operands.includes('-') && (given(r.queue) || given(r.shard) || r.resume === true),
    error: "'-' is read once, so it goes with neither --shard nor --queue nor --resume",
    help: 'put the test into a file',
  },
  {
    when: (r) => given(r.queue) && given(r.shard),
    error: '--queue spreads the cells of a run itself, so it goes without --shard',
    help: 'leave out --shard',
  },
  {
    when: (r) => r.json === true && (r.reporter ?? []).some((x) => x.file === undefined),
    error: '--json prints one object, so no reporter can print beside it',
    help: 'give the reporter a file, as in ktap=out.ktap',
  },
]

/** The first clash, as an error with its help, or undefined where there is none. */
export function conflict(request: CheckRequest): string | undefined {
  const found = CONFLICTS.find((c) => c.when(request))
  if (found !== undefined) return withHelp(found.error, found.help)
  const stranger = request.update === true ? request.operands.find((o) => scenarioPath(o) === undefined) : undefined
  if (stranger === undefined) return undefined
  return withHelp(
    `--update records scenarios of the catalogue, and '${printable(stranger)}' is none`,
    "'mmcheck list' prints them",
  )
}
