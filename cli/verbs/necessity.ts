/** The options of `necessity`. */
import type { Command } from 'commander'
import { NECESSITY_HELP } from '../help.ts'
import { STORE } from '../kept.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'
import { MUTANT_STATES } from './run_options.ts'

interface NecessityFlags {
  readonly kernel?: readonly string[]
  readonly maxStates: number
  readonly timeout?: number
  readonly json?: boolean
  readonly save: boolean
  readonly progress?: boolean
}

export function addNecessity(program: Command, { out, err, errIsTty }: Streams, ended: (code: number) => void): void {
  program
    .command('necessity')
    .description('take away each lock, wait, check, order and atomic update that a scenario reaches: is it needed?')
    .argument('<file>', "a litmus file, a name of the catalogue, or '-'")
    .option('-k, --kernel <names>', 'instead of the newest kernel that the file names', value.kernelNames)
    .option('--max-states <n>', 'stop each search after this many states', value.count, MUTANT_STATES)
    .option('--timeout <time>', 'stop each search after this time, as 60s', value.duration)
    .option('--json', 'print one JSON object')
    .option('--no-save', `do not keep counterexamples in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', NECESSITY_HELP)
    .action(async (file: string, flags: NecessityFlags) => {
      const kernels = value.kernelLines(flags.kernel ?? [], [])
      const { necessityCommand } = await import('../commands/necessity.ts')
      ended(
        await necessityCommand(file, {
          json: flags.json ?? false,
          progress: flags.progress ?? errIsTty,
          maxStates: flags.maxStates,
          out,
          err,
          ...(flags.timeout === undefined ? {} : { maxMs: flags.timeout }),
          ...(kernels === undefined ? {} : { kernels }),
          ...(flags.save ? { save: STORE } : {}),
        }),
      )
    })
}
