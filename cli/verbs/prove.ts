/** The options of `prove`. */
import type { Command } from 'commander'
import { findKernel } from '../../model/kernels/kernels.ts'
import { proveCommand, PROVED_OPERATIONS } from '../commands/prove.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

const PROVE_HELP = `
Examples:
  mmcheck prove
  mmcheck prove --kernel v6.18,v7.0 --lemmas
  mmcheck prove --without pte_offset_map_lock.lock --cti

Asks Z3 for mutual exclusion of each lock, for any number of threads and pages,
where every thread makes any of these calls on any pages, again and again:
${PROVED_OPERATIONS}.
The lemmas are read off the code: where a lock is held, who lets go of it. A
lemma is asked for step by step, of all threads. 'unknown' means that no proof
was found, and not that something is wrong.

Exit code: 0 where all is proved, 21 where something is unknown.`

interface ProveFlags {
  readonly kernel?: readonly string[]
  readonly without: readonly string[]
  readonly solver?: string
  readonly maxSeconds?: number
  readonly lemmas?: boolean
  readonly cti?: boolean
  readonly json?: boolean
}

const SECONDS = 120

export function addProve(program: Command, { out, err }: Streams, ended: (code: number) => void): void {
  program
    .command('prove')
    .description('mutual exclusion of each lock, proved for any number of threads and pages')
    .option('-k, --kernel <names>', 'kernels to prove it of (default: v7.0)', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out', value.collect, [])
    .option('--solver <program>', "a program to ask instead of the package z3-solver, such as 'z3'")
    .option('--max-seconds <n>', `give a message to the solver this long (default: ${SECONDS})`, value.count)
    .option('--lemmas', 'print the lemmas too')
    .option('--cti', 'of what is not proved, print the steps that may break it, and the lemma that each breaks')
    .option('--json', 'print one JSON object')
    .addHelpText('after', PROVE_HELP)
    .action(async (flags: ProveFlags) => {
      const kernels = (flags.kernel ?? ['v7.0']).flatMap((name) => findKernel(name) ?? [])
      ended(
        await proveCommand({
          kernels,
          without: flags.without,
          limitMs: (flags.maxSeconds ?? SECONDS) * 1000,
          lemmas: flags.lemmas ?? false,
          cti: flags.cti ?? false,
          json: flags.json ?? false,
          out,
          err,
          ...(flags.solver === undefined ? {} : { solver: flags.solver }),
        }),
      )
    })
}
