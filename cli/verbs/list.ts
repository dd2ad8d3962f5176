/** The verb `list`. */
import { Option, type Command } from 'commander'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { list, TOPICS, type Topic } from '../commands/list.ts'
import { fail } from '../fail.ts'
import { LIST_HELP } from '../help.ts'
import { withHelp } from '../message.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

type ListFlags = { readonly kernel: Kernel; readonly json?: boolean } & Partial<Record<Topic, boolean>>

export function addList(program: Command, { out, err }: Streams, newest: Kernel, ended: (code: number) => void): void {
  program
    .command('list')
    .description('print a kernel routine of the model as labelled pseudo-C, or what else there is')
    .argument('[routine]', 'such as retract_page_tables')
    .addOption(
      new Option('-k, --kernel <name>', 'the kernel that it is read from')
        .argParser(value.kernel)
        .default(newest, newest.name),
    )
    .option('--scenarios', 'the catalogue (default)')
    .option('--kernels', 'kernels and patch series')
    .option('--operations', 'what the threads of a litmus file can do')
    .option('--properties', 'what is checked')
    .option('--routines', 'the kernel routines of the model')
    .option('--worlds', 'what the sweep of `mmcheck matrix` runs in')
    .option('--bugs', 'what the mails tell of, and the scenarios that show it before its fix and after')
    .option('--json', 'print one JSON object')
    .addHelpText('after', LIST_HELP)
    .action((routine: string | undefined, flags: ListFlags) => {
      const json = flags.json ?? false
      const topics = TOPICS.filter((t) => flags[t] === true)
      if (topics.length > (routine === undefined ? 1 : 0)) {
        const asked = [...(routine === undefined ? [] : ['a routine']), ...topics.map((t) => `--${t}`)]
        const message = `list prints one thing, not ${asked.join(' and ')}`
        ended(fail({ json, out, err }, 'usage', withHelp(message, 'ask twice')))
        return
      }
      ended(list(routine, { topic: topics[0] ?? 'scenarios', kernel: flags.kernel, json, out, err }))
    })
}
