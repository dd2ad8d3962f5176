/** The verb `nightly`: everything that has a record, held against it, in one run. */
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { SWEEP_KERNELS, SWEEP_WORLDS, TRIPLE_WORLDS, type SweepWorld } from '../../model/scenarios/sweep/worlds.ts'
import { matrix, type MatrixOptions } from '../commands/matrix.ts'
import { nightly } from '../commands/nightly.ts'
import { conflict } from '../conflicts.ts'
import { EXIT, rankOf } from '../exit.ts'
import { fail } from '../fail.ts'
import { errorText } from '../message.ts'
import { NIGHTLY_HELP } from '../help_nightly.ts'
import type { Shard } from '../nightly/shard.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'
import { newStyle, useColor } from '../style.ts'
import { CELL_STATES_MAX, newLine } from './matrix.ts'
import {
  addRunOptions,
  runOptions,
  searchRequest,
  type RunFlags,
  type SearchFlags,
  type SharedFlags,
} from './run_options.ts'

type NightlyFlags = RunFlags & SharedFlags & SearchFlags

/** The worlds of a shard: whole worlds, since each is held against its record as a whole. */
const worldsOf = (worlds: readonly SweepWorld[], shard: Shard | undefined): readonly SweepWorld[] =>
  worlds.filter((_, i) => shard === undefined || i % shard.of === shard.index - 1)

/** Reports of one object or of one table own standard output; the sweep then speaks on standard error. */
const ownsOutput = (flags: NightlyFlags): boolean =>
  flags.json === true || (flags.reporter ?? []).some((r) => r.file === undefined && r.name !== 'default')

/**
 * The sweep of pairs, and of triples in a weekly run: its exit codes. Worlds that the budget leaves no time
 * for are told, and make the run incomplete.
 */
async function sweep(flags: NightlyFlags, streams: Streams, start: number): Promise<readonly number[]> {
  const out = ownsOutput(flags) ? streams.err : streams.out
  const options: Omit<MatrixOptions, 'worlds' | 'triples'> = {
    kernels: SWEEP_KERNELS,
    operations: [],
    jobs: flags.jobs ?? availableParallelism(),
    maxStates: CELL_STATES_MAX,
    json: false,
    table: false,
    update: flags.update ?? false,
    progress: newLine(flags.progress ?? streams.errIsTty),
    style: newStyle(useColor(flags.color, streams.outIsTty, streams.env)),
    out,
    err: streams.err,
  }
  const parts = [
    ...worldsOf(SWEEP_WORLDS, flags.shard).map((world) => ({ world, triples: false })),
    ...(flags.tier === 'weekly' ? worldsOf(TRIPLE_WORLDS, flags.shard) : []).map((world) => ({ world, triples: true })),
  ]
  const codes: number[] = []
  for (const { world, triples } of parts) {
    if (flags.budget !== undefined && performance.now() - start > flags.budget) {
      streams.err(errorText(`the budget is spent: ${world.name} was not swept${triples ? ' for triples' : ''}`))
      codes.push(EXIT.incomplete.code)
    } else codes.push(await matrix({ ...options, worlds: [world], triples }))
  }
  return codes
}

export function addNightly(program: Command, streams: Streams, done: (code: number) => void): void {
  const { out, err } = streams
  const command = program
    .command('nightly')
    .description('the catalogue and the sweep of pairs, held against their records: what a CI system runs unattended')
    .argument('[scenario...]', 'files or names of the catalogue, instead of all of it')
    .option('--engine <engine>', 'explicit, wasm, auto, reference or smt, as for check', value.engine, 'explicit')
    .option('--depth <steps>', 'how deep the smt engine looks (default: 30)', value.count)
    .option('--reduce <how>', 'what the explicit engine may leave out: por, or none (default)', value.reductions)
    .option('--max-states <n>', 'stop each cell after this many states', value.count)
    .option('--memory <size>', 'stop a cell when its states take this much memory, as 8G', value.size)
    .option('--timeout <time>', 'stop each cell after this time, as 600s', value.duration)
    .option('--json', "print one JSON object: '--reporter json'")
    .option('--strict', 'a property that holds vacuously fails the run')
    .option('--update', 'record what was found as what is expected, and say what changed')
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', NIGHTLY_HELP)
  addRunOptions(command).action(async (operands: string[], flags: NightlyFlags) => {
    const clash = conflict({ operands, ...flags, kernel: [], without: [], run: true })
    if (clash !== undefined) {
      done(fail({ json: flags.json ?? false, out, err }, 'usage', clash))
      return
    }
    const start = performance.now()
    const swept = operands.length === 0 && flags.tier !== 'push' && flags.engine !== 'smt'
    const first = await nightly(
      runOptions(flags, streams, {
        selection: { operands, tier: flags.tier ?? 'nightly' },
        search: searchRequest(flags),
      }),
    )
    // What could not begin has nothing to add to.
    const began = first !== EXIT.usage.code && first !== EXIT.input.code
    const codes = [first, ...(swept && began ? await sweep(flags, streams, start) : [])]
    const [worst = EXIT.ok.code] = [...codes].sort((a, b) => rankOf(a) - rankOf(b))
    done(worst)
  })
}
