/** The options of `series`. */
import type { Command } from 'commander'
import { SERIES_HELP } from '../help.ts'
import { STORE } from '../kept.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'
import { MUTANT_STATES } from './run_options.ts'

interface SeriesFlags {
  readonly posting?: string
  readonly maxStates: number
  readonly timeout?: number
  readonly json?: boolean
  readonly save: boolean
  readonly progress?: boolean
}

export function addSeries(program: Command, { out, err, errIsTty }: Streams, ended: (code: number) => void): void {
  program
    .command('series')
    .description('check a patch series in each of its versions and between any two of its patches')
    .argument('<name>', 'such as vm-maybe-guard')
    .argument('[file...]', 'litmus files or names of the catalogue; without any, all of it')
    .option('--posting <version>', 'the version to tell patch by patch, as v2 (default: the last)')
    .option('--max-states <n>', 'stop each search after this many states', value.count, MUTANT_STATES)
    .option('--timeout <time>', 'stop each search after this time, as 60s', value.duration)
    .option('--json', 'print one JSON object')
    .option('--no-save', `do not keep counterexamples in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', SERIES_HELP)
    .action(async (name: string, files: string[], flags: SeriesFlags) => {
      const { seriesCommand } = await import('../commands/series.ts')
      ended(
        await seriesCommand(name, files, {
          ...(flags.posting === undefined ? {} : { posting: flags.posting }),
          json: flags.json ?? false,
          progress: flags.progress ?? errIsTty,
          maxStates: flags.maxStates,
          out,
          err,
          ...(flags.timeout === undefined ? {} : { maxMs: flags.timeout }),
          ...(flags.save ? { save: STORE } : {}),
        }),
      )
    })
}
