/** The options of `replay`. */
import type { Command } from 'commander'
import type { Format } from '../../counterexamples/render/formats.ts'
import { fail } from '../fail.ts'
import { REPLAY_HELP } from '../help.ts'
import { withHelp } from '../message.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

interface ReplayFlags {
  readonly format?: Format
  readonly output?: string
  readonly steps?: boolean
  readonly full?: boolean
  readonly json?: boolean
}

export function addReplay(program: Command, { out, err }: Streams, ended: (code: number) => void): void {
  program
    .command('replay')
    .description('run a counterexample again in the reference interpreter and print its race')
    .argument('<id>', "an id or the start of one, a JSON file, or '-'")
    .option(
      '--format <format>',
      'mail, table, svg, html, itf, shiviz, json or litmus (default: mail)',
      value.traceFormat,
    )
    .option('-o, --output <file>', 'write it there')
    .option('--steps', 'the same as --format table')
    .option('--full', 'print every step, folding nothing')
    .option('--json', 'the same as --format json')
    .addHelpText('after', REPLAY_HELP)
    .action(async (id: string, flags: ReplayFlags) => {
      const asked = [
        ...(flags.format === undefined ? [] : [flags.format]),
        ...(flags.steps === true ? (['table'] as const) : []),
        ...(flags.json === true ? (['json'] as const) : []),
      ]
      const [format = 'mail', other] = [...new Set(asked)]
      if (other !== undefined) {
        const error = `replay prints one form, not ${format} and ${other}`
        ended(fail({ json: flags.json ?? false, out, err }, 'usage', withHelp(error, 'ask twice')))
        return
      }
      const { replayCommand } = await import('../commands/replay.ts')
      ended(
        await replayCommand(id, {
          format,
          full: flags.full ?? false,
          out,
          err,
          ...(flags.output === undefined ? {} : { output: flags.output }),
        }),
      )
    })
}
