/** The options of `rank`. */
import { Option, type Command } from 'commander'
import type { Kernel } from '../../model/kernels/kernels.ts'
import type { SolverChoice } from '../../solver/smt/choice.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'

const RANK_HELP = `
Examples:
  mmcheck rank madvise_guard_install --kernel v7.0
  mmcheck rank madvise_guard_install --kernel guard-v2
  mmcheck rank madvise_guard_install --own
  mmcheck rank zap_pte_range --scenario install+dontneed --json

A rank is a tuple of counters that every way around a loop makes smaller, in
lexicographic order; so the loop ends, whatever other threads do and however
many there are. It says nothing of waiting for a lock. Where there is none,
'mmcheck check SCENARIO --liveness' may have a run that never ends.

A loop that tries again because another thread changed something has no
counter, and may go round as long as others do: so does the walker where a table
has vanished under it (ACTION_AGAIN), though each call of it that returns brings
madvise_guard_install() nearer to its own end. Which loops those are is printed.
'--own' asks about the loops of the routine alone, and takes it that every call
in it returns: the retry loop of madvise_guard_install() is proved to end so.

Exit code: 0 where every loop has a rank, also (without '--own') in the routines
that it calls, 20 where one has none, 21 where the solver did not answer.
'mmcheck --help' lists the exit codes of all verbs.`

interface RankFlags {
  readonly kernel: Kernel
  readonly scenario?: string
  readonly solver?: SolverChoice
  readonly own?: boolean
  readonly json?: boolean
}

export function addRank(program: Command, { out, err }: Streams, newest: Kernel, ended: (code: number) => void): void {
  program
    .command('rank')
    .description('why the loops of a kernel routine end: the counters that fall each time around')
    .argument('<routine>', 'such as madvise_guard_install')
    .addOption(
      new Option('-k, --kernel <name>', 'the kernel that it is read from')
        .argParser(value.kernel)
        .default(newest, newest.name),
    )
    .option('--scenario <file>', 'what calls it (default: the first of the catalogue that does)')
    .option('--solver <solver>', 'wasm (default), z3, cvc5, or the path of an SMT-LIB 2 solver', value.solver)
    .option('--own', 'only the loops of the routine itself: every call in it is taken to return')
    .option('--json', 'print one JSON object')
    .addHelpText('after', RANK_HELP)
    .action(async (routine: string, flags: RankFlags) => {
      const { rankCommand } = await import('../commands/rank.ts')
      ended(
        await rankCommand(routine, {
          kernel: flags.kernel,
          own: flags.own ?? false,
          json: flags.json ?? false,
          out,
          err,
          ...(flags.scenario === undefined ? {} : { scenario: flags.scenario }),
          ...(flags.solver === undefined ? {} : { solver: flags.solver }),
        }),
      )
    })
}
