/** The options of `races`. */
import type { Command } from 'commander'
import { fail } from '../fail.ts'
import { withHelp } from '../message.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

const RACES_HELP = `
Examples:
  mmcheck races mprotect+install --kernel v7.0
  mmcheck races race.litmus --benign
  mmcheck races install+collapse --json | jq '.races[].races[].field'

A data race in KCSAN's sense: two threads can both go on, each with an access
to the same variable, one of them a write and at least one of them plain
(neither READ_ONCE() and its like, nor atomic). What is known to be harmless
is named, with its reason, in model/mm/access_marks.ts. Without a file, every
race of the catalogue once, held against model/scenarios/races.json.

Exit code: 10 where there is a race that is not known to be harmless (of the
catalogue: not recorded), 0 where there is none, 20 where a limit ended the search. 'mmcheck --help' lists the
exit codes of all verbs.`

interface RacesFlags {
  readonly kernel?: readonly string[]
  readonly without?: readonly string[]
  readonly benign?: boolean
  readonly update?: boolean
  readonly maxStates?: number
  readonly json?: boolean
}

/** What does not go together, as an error with its help. */
function conflictOf(files: readonly string[], flags: RacesFlags): string | undefined {
  const { kernel = [], without = [] } = flags
  if (without.length > 0 && kernel.length === 0)
    return withHelp('--without needs --kernel', "as in '--kernel v7.0 --without retract_page_tables.recheck'")
  if (files.length === 0 && kernel.length > 0)
    return withHelp('the catalogue is asked on its own kernels', 'name a scenario, or leave out --kernel')
  if (flags.update === true && (files.length > 0 || flags.maxStates !== undefined))
    return withHelp('--update records the whole catalogue, unlimited', 'leave out the files and --max-states')
  return undefined
}

export function addRaces(program: Command, { out, err }: Streams, ended: (code: number) => void): void {
  program
    .command('races')
    .description('data races between plain accesses, with both steps and the locks that each thread holds')
    .argument('[file...]', "litmus files, names of the catalogue, or '-'; without any, the whole catalogue")
    .option('-k, --kernel <names>', 'instead of the kernels that the file names', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out; needs --kernel', value.collect)
    .option('--benign', 'print those too that are known to be harmless')
    .option('--update', 'record what the whole catalogue shows')
    .option('--max-states <n>', 'stop each search after this many states', value.count)
    .option('--json', 'print one JSON object')
    .addHelpText('after', RACES_HELP)
    .action(async (files: string[], flags: RacesFlags) => {
      const clash = conflictOf(files, flags)
      if (clash !== undefined) {
        ended(fail({ json: flags.json ?? false, out, err }, 'usage', clash))
        return
      }
      const kernels = value.kernelLines(flags.kernel ?? [], flags.without ?? [])
      const { racesCommand } = await import('../commands/races.ts')
      ended(
        racesCommand(files, {
          benign: flags.benign ?? false,
          update: flags.update ?? false,
          json: flags.json ?? false,
          out,
          err,
          ...(kernels === undefined ? {} : { kernels }),
          ...(flags.maxStates === undefined ? {} : { maxStates: flags.maxStates }),
        }),
      )
    })
}
