/** The options of `export`. */
import type { Command } from 'commander'
import type { ExportFormat } from '../commands/export.ts'
import { conflict } from '../conflicts.ts'
import { fail } from '../fail.ts'
import { EXPORT_HELP } from '../help.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

interface ExportFlags {
  readonly format: ExportFormat
  readonly kernel?: readonly string[]
  readonly without?: readonly string[]
  readonly assertions: boolean
  readonly output?: string
}

export function addExport(program: Command, { out, err }: Streams, ended: (code: number) => void): void {
  program
    .command('export')
    .description('print a scenario as Promela for SPIN or TLA+ for TLC, with how to run it and what to expect')
    .argument('<file>', "a litmus file, a name of the catalogue, or '-'")
    .option('--format <format>', 'promela or tla', value.exportFormat, 'promela')
    .option('-k, --kernel <names>', 'instead of the kernels that the file names', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out; needs --kernel', value.collect)
    .option('--no-assertions', 'only the states: check no property')
    .option('-o, --output <dir>', 'write files there, one model per kernel')
    .addHelpText('after', EXPORT_HELP)
    .action(async (file: string, flags: ExportFlags) => {
      const { kernel = [], without = [] } = flags
      const clash = conflict({ operands: [file], engine: 'explicit', kernel, without })
      if (clash !== undefined) {
        ended(fail({ json: false, out, err }, 'usage', clash))
        return
      }
      const kernels = value.kernelLines(kernel, without)
      const { exportCommand } = await import('../commands/export.ts')
      ended(
        exportCommand(file, {
          format: flags.format,
          assertions: flags.assertions,
          out,
          err,
          ...(kernels === undefined ? {} : { kernels }),
          ...(flags.output === undefined ? {} : { output: flags.output }),
        }),
      )
    })
}
