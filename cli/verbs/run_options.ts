/** The options of a run of many cells, which `check` and `nightly` share. */
import { availableParallelism } from 'node:os'
import { InvalidArgumentError, type Command } from 'commander'
import type { Reduction } from '../../solver/reduce/reduced.ts'
import type { Engine } from '../cell.ts'
import type { NightlyOptions } from '../commands/nightly.ts'
import type { Execute } from '../nightly/execute.ts'
import type { SearchRequest } from '../nightly/record.ts'
import { shardText, type Shard } from '../nightly/shard.ts'
import { TIERS, type Tier } from '../nightly/tier.ts'
import * as value from '../options.ts'
import { reporter, type ReporterRequest } from '../reporters/registry.ts'
import type { Streams } from '../streams.ts'
import { newStyle, useColor, type ColorMode } from '../style.ts'

export interface RunFlags {
  readonly reporter?: readonly ReporterRequest[]
  readonly jobs?: number
  readonly budget?: number
  readonly resume?: boolean
  readonly runDir?: string
  readonly checkpointInterval?: number
  readonly shard?: Shard
  readonly cache: boolean
  readonly cacheDir?: string
  readonly tier?: Tier
  readonly heartbeat?: number
  readonly queue?: string
}

/** What a run of many cells asks of each search. */
export interface SearchFlags {
  readonly engine: Engine
  readonly depth?: number
  readonly reduce?: readonly Reduction[]
  readonly maxStates?: number
  readonly memory?: number
  readonly strict?: boolean
  readonly liveness?: boolean
}

/** The engine that was chosen; where none was, and a reduction is asked for, the one that carries it out fastest. */
export const engineOf = (flags: SearchFlags, command: Command): Engine =>
  (flags.reduce ?? []).length > 0 && command.getOptionValueSource('engine') === 'default' ? 'auto' : flags.engine

/** A mutant may have many more states than what it is made of; twenty times the largest of the catalogue. */
export const MUTANT_STATES = 2_000_000

/** Of the smt engine, in steps. */
export const DEFAULT_DEPTH = 30

export const searchRequest = (flags: SearchFlags): SearchRequest => ({
  engine: flags.engine,
  depth: flags.depth ?? DEFAULT_DEPTH,
  reductions: [...(flags.reduce ?? [])],
  strict: flags.strict ?? false,
  liveness: flags.liveness ?? false,
  ...(flags.maxStates === undefined ? {} : { maxStates: flags.maxStates }),
  ...(flags.memory === undefined ? {} : { maxBytes: flags.memory }),
})

const RUN_DIRECTORY = '.mmcheck/run'
export const CACHE_DIRECTORY = '.mmcheck/cache'
const CHECKPOINT_MS = 10_000
const HEARTBEAT_MS = 60_000

/** `2/8`: the second of eight. */
export function shard(text: string): Shard {
  const m = /^(\d+)\/(\d+)$/.exec(text)
  const [index, of] = [Number(m?.[1]), Number(m?.[2])]
  if (m === null || index < 1 || index > of || of > 10_000)
    throw new InvalidArgumentError('the second of eight shards is 2/8')
  return { index, of }
}

export function tier(text: string): Tier {
  const found = TIERS.find((t) => t === text)
  if (found === undefined) throw new InvalidArgumentError(`known: ${TIERS.join(', ')}`)
  return found
}

/** A Redis server; the password may also come from the environment, so that no list of processes shows it. */
export function queueUrl(text: string): string {
  if (!/^rediss?:\/\/./.test(text)) throw new InvalidArgumentError('as in redis://localhost:6379')
  return text
}

/** Zero is a duration too, where it means never or always. */
const durationOrZero = (text: string): number => (/^0(ms|s|m|h)?$/.test(text) ? 0 : value.duration(text))

export function addRunOptions(command: Command): Command {
  return command
    .option('--reporter <name>', 'default, ktap, junit, json, jsonl, markdown or html; NAME=FILE for a file', reporter)
    .option('-j, --jobs <n>', 'how many cells at a time (default: one per processor)', value.count)
    .option('--budget <time>', 'end after this time, as 45m; cells that are left say so', value.duration)
    .option('--resume', 'go on with the run that was interrupted')
    .option('--run-dir <dir>', `what an interrupted run leaves behind (default: ${RUN_DIRECTORY})`)
    .option('--checkpoint-interval <time>', 'between two checkpoints of a search (default: 10s)', durationOrZero)
    .option('--shard <i/n>', 'only the cells of one of several machines, as 2/8', shard)
    .option('--queue <url>', 'let workers on a queue do the cells, as redis://localhost:6379', queueUrl)
    .option('--no-cache', 'run every cell, whatever is known of it')
    .option('--cache-dir <dir>', `results of earlier runs (default: ${CACHE_DIRECTORY})`)
    .option('--tier <tier>', 'how much of the catalogue: push, nightly or weekly', tier)
    .option(
      '--heartbeat <time>',
      'between two lines of progress where there is no terminal; 0 for none',
      durationOrZero,
    )
}

/** Whether one of these options asks for a run of that kind. */
export const asksForRun = (f: RunFlags): boolean =>
  f.reporter !== undefined ||
  f.jobs !== undefined ||
  f.budget !== undefined ||
  f.resume === true ||
  f.runDir !== undefined ||
  f.checkpointInterval !== undefined ||
  f.shard !== undefined ||
  !f.cache ||
  f.cacheDir !== undefined ||
  f.tier !== undefined ||
  f.heartbeat !== undefined ||
  f.queue !== undefined

/** What other flags of the two verbs a run takes. */
export interface SharedFlags {
  readonly timeout?: number
  readonly json?: boolean
  readonly update?: boolean
  readonly progress?: boolean
  readonly color: ColorMode
}

/** Who does the cells: processes of this machine, or whoever takes them from a queue. Loaded when the run begins. */
const executor =
  (queue: string | undefined, jobs: number, err: (text: string) => void): Execute =>
  async (execution) => {
    if (queue === undefined) {
      const { locally } = await import('../nightly/execute.ts')
      return locally(jobs)(execution)
    }
    const { throughQueue } = await import('../nightly/queue.ts')
    return throughQueue(queue, err)(execution)
  }

export function runOptions(
  flags: RunFlags & SharedFlags,
  streams: Streams,
  asked: Pick<NightlyOptions, 'selection' | 'search'>,
): NightlyOptions {
  const { shard: part, queue } = flags
  const reporters = [...(flags.reporter ?? []), ...(flags.json === true ? [{ name: 'json' as const }] : [])]
  return {
    ...asked,
    execute: (err) => executor(queue, flags.jobs ?? availableParallelism(), err),
    reporters: reporters.length === 0 ? [{ name: 'default' }] : reporters,
    ...(part === undefined ? {} : { shard: part }),
    ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
    ...(flags.budget === undefined ? {} : { budgetMs: flags.budget }),
    ...(flags.cache ? { cache: flags.cacheDir ?? CACHE_DIRECTORY } : {}),
    directory: flags.runDir ?? (part === undefined ? RUN_DIRECTORY : `${RUN_DIRECTORY}-${shardText(part)}`),
    resume: flags.resume ?? false,
    update: flags.update ?? false,
    checkpointMs: flags.checkpointInterval ?? CHECKPOINT_MS,
    progress: flags.progress ?? streams.errIsTty,
    heartbeatMs: flags.heartbeat ?? HEARTBEAT_MS,
    style: newStyle(useColor(flags.color, streams.outIsTty, streams.env)),
    out: streams.out,
    err: streams.err,
  }
}
