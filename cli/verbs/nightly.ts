/** The verb `nightly`: everything that has a record, held against it, in one run. */
import { InvalidArgumentError, type Command } from 'commander'
import { closest } from '../../model/litmus/suggest.ts'
import { conflict } from '../conflicts.ts'
import { fail } from '../fail.ts'
import { NIGHTLY_HELP } from '../help_nightly.ts'
import { isSweepName, sweepWorlds } from '../nightly/sweep_rows.ts'
import * as value from '../options.ts'
import { ALL_PROOFS, NEWEST, PROOF_WORDS, WITH_STATES } from '../proof_words.ts'
import type { Streams } from '../streams.ts'
import {
  addRunOptions,
  engineOf,
  runOptions,
  searchRequest,
  type RunFlags,
  type SearchFlags,
  type SharedFlags,
} from './run_options.ts'

type NightlyFlags = RunFlags &
  SharedFlags &
  SearchFlags & { readonly sweep?: readonly string[]; readonly proofs?: readonly string[] }

/** Names of worlds and rows of the sweep, as `--sweep` takes them; `none` stands for no sweep. */
function sweepNames(text: string, previous: readonly string[] = []): readonly string[] {
  if (text === 'none') return []
  const names = value.collect(text, previous)
  for (const name of names) {
    if (isSweepName(name)) continue
    const known = [...sweepWorlds(2), ...sweepWorlds(3)]
    const near = closest(name, known)
    throw new InvalidArgumentError(
      near === undefined ? `known: none, ${known.join(', ')}, and their rows` : `did you mean '${near}'?`,
    )
  }
  return names
}

/** What takes part in the sweep where nobody says: all pairs, and in a weekly run the triples. */
function sweepOf(operands: readonly string[], { tier, engine, sweep }: NightlyFlags): readonly string[] {
  if (sweep !== undefined) return sweep
  if (operands.length > 0 || tier === 'push' || engine === 'smt') return []
  return [...sweepWorlds(2), ...(tier === 'weekly' ? sweepWorlds(3) : [])]
}

/** Words for recorded proofs, as `--proofs` takes them; `none` stands for no proof. */
function proofNames(text: string, previous: readonly string[] = []): readonly string[] {
  if (text === 'none') return []
  const words = value.collect(text, previous)
  for (const word of words) {
    if (PROOF_WORDS.includes(word)) continue
    const near = closest(word, PROOF_WORDS)
    throw new InvalidArgumentError(
      near === undefined ? `known: none, ${PROOF_WORDS.join(', ')}` : `did you mean '${near}'?`,
    )
  }
  return words
}

/** Which proofs are checked again where nobody says: those of the newest kernel; in a weekly run all, with their states. */
function proofsOf(operands: readonly string[], { tier, engine, proofs }: NightlyFlags): readonly string[] {
  if (proofs !== undefined) return proofs
  if (operands.length > 0 || tier === 'push' || engine === 'smt') return []
  return tier === 'weekly' ? [ALL_PROOFS, WITH_STATES] : [NEWEST]
}

export function addNightly(program: Command, streams: Streams, done: (code: number) => void): void {
  const { out, err } = streams
  const command = program
    .command('nightly')
    .description(
      'the catalogue, the sweep of pairs and the proofs, held against their records: what CI runs unattended',
    )
    .argument('[scenario...]', 'files or names of the catalogue, instead of all of it')
    .option('--engine <engine>', 'explicit, wasm, auto, reference or smt, as for check', value.engine, 'explicit')
    .option('--depth <steps>', 'how deep the smt engine looks (default: 30)', value.count)
    .option(
      '--reduce <how>',
      'what the wasm or explicit engine may leave out: por, symmetry, auto (por where it pays), or none (default)',
      value.reductions,
    )
    .option('--max-states <n>', 'stop each cell after this many states', value.count)
    .option('--memory <size>', 'stop a cell when its states take this much memory, as 8G', value.size)
    .option('--timeout <time>', 'stop each cell after this time, as 600s', value.duration)
    .option('--json', "print one JSON object: '--reporter json'")
    .option('--sweep <names>', "worlds of the sweep, or rows as 'shmem.guard_install'; none for no sweep", sweepNames)
    .option(
      '--proofs <names>',
      "recorded proofs, by kernel, property and model; 'all', or none for no proof; 'states' too for explicit states",
      proofNames,
    )
    .option('--liveness', 'ask of every scenario whether its operations end, on every fair run')
    .option('--strict', 'a property that holds vacuously fails the run')
    .option('--update', 'record what was found as what is expected, and say what changed')
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', NIGHTLY_HELP)
  addRunOptions(command).action(async (operands: string[], told: NightlyFlags) => {
    const flags: NightlyFlags = { ...told, engine: engineOf(told, command) }
    const clash = conflict({ operands, ...flags, kernel: [], without: [], run: true })
    if (clash !== undefined) {
      done(fail({ json: flags.json ?? false, out, err }, 'usage', clash))
      return
    }
    const { nightly } = await import('../commands/nightly.ts')
    done(
      await nightly(
        runOptions(flags, streams, {
          selection: {
            operands,
            tier: flags.tier ?? 'nightly',
            sweep: sweepOf(operands, flags),
            proofs: proofsOf(operands, flags),
          },
          search: searchRequest(flags),
        }),
      ),
    )
  })
}
