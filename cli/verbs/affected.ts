/** The options of `affected`. */
import type { Command } from 'commander'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { fail } from '../fail.ts'
import { withHelp } from '../message.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

const AFFECTED_HELP = `
Examples:
  git format-patch -1 --stdout | mmcheck affected -
  mmcheck affected 0001-mm-khugepaged.patch --kernel v7.0
  mmcheck check $(mmcheck affected series.mbox --names)

A patch is read for the functions that its changed lines stand in. A function
is in the model as a routine of its own, or as the C text of a step of another
one; flags and macros are looked for in that text. The scenarios are those
that can call such a routine. That a scenario still holds says nothing of the
patch until the model has been changed as the patch changes the kernel:
'mmcheck list ROUTINE' shows what is to be changed.

Exit code: 0, also where the model has nothing of the patch; 2 where there
is no patch. 'mmcheck --help' lists the exit codes of all verbs.`

interface AffectedFlags {
  readonly kernel?: Kernel
  readonly names?: boolean
  readonly json?: boolean
}

export function addAffected(program: Command, { out, err }: Streams, ended: (code: number) => void): void {
  program
    .command('affected')
    .description('from a patch to the routines, scenarios and properties that it concerns')
    .argument('<patch>', "a unified diff, a mail with one, or '-'")
    .option(
      '-k, --kernel <name>',
      'only scenarios that name it (default: each on the last that it names)',
      value.kernel,
    )
    .option('--names', "only the scenarios' names, for 'mmcheck check'")
    .option('--json', 'print one JSON object')
    .addHelpText('after', AFFECTED_HELP)
    .action(async (patch: string, flags: AffectedFlags) => {
      const { kernel, names = false, json = false } = flags
      if (names && json) {
        ended(fail({ json, out, err }, 'usage', withHelp('affected prints names or JSON, not both', 'ask twice')))
        return
      }
      const { affectedCommand } = await import('../commands/affected.ts')
      ended(affectedCommand(patch, { names, json, out, err, ...(kernel === undefined ? {} : { kernel }) }))
    })
}
