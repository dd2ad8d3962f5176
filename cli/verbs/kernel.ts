/** The verbs that run on a real kernel: `conform` and `confirm`. */
import type { Command } from 'commander'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { fail } from '../fail.ts'
import { CONFIRM_HELP, CONFORM_HELP } from '../help.ts'
import { withHelp } from '../message.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'
import { newStyle, useColor, type ColorMode } from '../style.ts'

const DEFAULT_RACE_SECONDS = 10
const HOUR_SECONDS = 3600

interface ConformFlags {
  readonly kernel?: Kernel
  readonly random?: boolean
  readonly world?: readonly string[]
  readonly runs?: number
  readonly time?: number
  readonly seed: number
  readonly progress?: boolean
  readonly json?: boolean
  readonly color: ColorMode
}

interface ConfirmFlags extends Omit<ConformFlags, 'kernel' | 'random' | 'world' | 'progress'> {
  readonly enough?: number
  readonly record?: boolean
  readonly output?: string
}

/** The budget of a race. Rounds alone are no bound on time, so there is always one. */
const race = (
  flags: Pick<ConformFlags, 'runs' | 'time' | 'seed'>,
): { runs: number; seconds: number; seed: number } => ({
  runs: flags.runs ?? 0,
  seconds: (flags.time ?? (flags.runs === undefined ? DEFAULT_RACE_SECONDS : HOUR_SECONDS) * 1000) / 1000,
  seed: flags.seed,
})

export function addKernelVerbs(program: Command, streams: Streams, done: (code: number) => void): void {
  const { out, err } = streams
  program
    .command('conform')
    .description('run litmus files on the running kernel and hold every outcome against the model')
    .argument('[file...]', "litmus files, names of the catalogue, or '-' for standard input")
    .option(
      '-k, --kernel <name>',
      'the model to hold it against, instead of the one that it behaves like',
      value.kernel,
    )
    .option('--random', 'random sequences of one thread, compared operation by operation, instead of files')
    .option('--world <name...>', 'with --random: of these worlds alone')
    .option('--runs <n>', 'how many rounds or sequences (default: as many as fit into the time)', value.count)
    .option('--time <time>', 'for how long, as 60s (default: 10s for each file, or for all sequences)', value.duration)
    .option('--seed <n>', 'of sequences, delays and affinities', value.count, 1)
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--json', 'print one JSON object')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', CONFORM_HELP)
    .action(async (files: string[], flags: ConformFlags) => {
      const json = flags.json ?? false
      const random = flags.random ?? false
      if (random === files.length > 0) {
        const error = random ? '--random makes its own sequences, and takes no file' : 'conform needs a litmus file'
        const help = random ? 'leave the files out, or leave out --random' : "or '--random' for random sequences"
        done(fail({ json, out, err }, 'usage', withHelp(error, help)))
        return
      }
      const style = newStyle(useColor(flags.color, streams.outIsTty, streams.env))
      if (random) {
        const { conformRandomCommand } = await import('../commands/conform_random.ts')
        done(
          await conformRandomCommand({
            ...race(flags),
            runs: flags.runs ?? Infinity,
            worlds: flags.world ?? [],
            json,
            progress: flags.progress ?? streams.errIsTty,
            style,
            out,
            err,
            ...(flags.kernel === undefined ? {} : { kernel: flags.kernel }),
          }),
        )
        return
      }
      const { conform } = await import('../commands/conform.ts')
      done(
        await conform(files, {
          ...race(flags),
          json,
          style,
          out,
          err,
          ...(flags.kernel === undefined ? {} : { kernel: flags.kernel }),
        }),
      )
    })

  program
    .command('confirm')
    .description('run the operations of a counterexample on the running kernel until they end as it says')
    .argument('<id>', "an id or the start of one, a JSON file, or '-'")
    .option('--runs <n>', 'how many rounds (default: as many as fit into the time)', value.count)
    .option('--time <time>', 'for how long, as 60s (default: 10s)', value.duration)
    .option('--seed <n>', 'of delays and affinities', value.count, 1)
    .option('--enough <n>', 'stop when it has been seen so often', value.count)
    .option('-o, --output <file>', 'where the C program goes (default: .mmcheck/reproducers/ID.c, once seen)')
    .option('--record', 'record the result in counterexamples/corpus/confirmed.json')
    .option('--json', 'print one JSON object')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', CONFIRM_HELP)
    .action(async (id: string, flags: ConfirmFlags) => {
      const { confirmCommand } = await import('../commands/confirm.ts')
      done(
        await confirmCommand(id, {
          ...race(flags),
          enough: flags.enough ?? 0,
          record: flags.record ?? false,
          json: flags.json ?? false,
          style: newStyle(useColor(flags.color, streams.outIsTty, streams.env)),
          out,
          err,
          ...(flags.output === undefined ? {} : { output: flags.output }),
        }),
      )
    })
}
