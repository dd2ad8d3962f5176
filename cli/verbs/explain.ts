/** The options of `explain`. */
import type { Command } from 'commander'
import { EXPLAIN_HELP } from '../help.ts'
import type { Streams } from '../streams.ts'

interface ExplainFlags {
  readonly json?: boolean
  readonly progress?: boolean
}

export function addExplain(program: Command, { out, err, errIsTty }: Streams, ended: (code: number) => void): void {
  program
    .command('explain')
    .description('tell in full what a counterexample, a property or an error code says')
    .argument('<id>', 'an id, a property such as GuardStays, or a code such as MM101')
    .option('--json', 'print one JSON object')
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (id: string, flags: ExplainFlags) => {
      const progress = flags.progress ?? errIsTty
      const { explain } = await import('../commands/explain.ts')
      ended(await explain(id, { json: flags.json ?? false, progress, out, err }))
    })
}
