/** The options of `prove`. */
import type { Command } from 'commander'
import { findKernel } from '../../model/kernels/kernels.ts'
import { PROVED_PROPERTIES } from '../../solver/prove/names.ts'
import { fail } from '../fail.ts'
import { withHelp } from '../message.ts'
import * as value from '../options.ts'
import { NEWEST, PROVED_KERNELS } from '../proof_words.ts'
import type { Streams } from '../streams.ts'

const ALL = 'all'

const kernelNames = (text: string, previous: readonly string[] = []): readonly string[] =>
  text === ALL ? [...previous, ALL] : value.kernelNames(text, previous)

const PROVE_HELP = `
Examples:
  mmcheck prove
  mmcheck prove --table
  mmcheck prove --kernel all
  mmcheck prove --property ZapKeepsGuards --kernel v7.0-keep-guards
  mmcheck prove --core tables --states
  mmcheck prove --core collapse --without retract_page_tables.recheck --cti

Asks Z3 for the core list, for any number of threads and pages, where every
thread makes any of the calls named, on any pages, again and again. Properties:
${PROVED_PROPERTIES.join(', ')}.

Guesses are read off the code (where a lock is held, what a branch has just
told, what never changes), those that fail in random runs are thrown away, and
of the rest as many are kept as prove one another. A model that extends another
('fork and promises' extends 'fork of shmem') guesses nothing that a search of
the other has lost, and that one is searched first. What is recorded is only
checked again; '--find' finds it anew, which may take many minutes: what is lost
on the way is kept below .mmcheck, and '--resume' goes on there after a run that
was killed. Where the catalogue has a scenario that
breaks a claim, that is run first: 'violated' names the counterexample that was
found and replayed just now. 'unknown' means that no proof was found, and not
that something is wrong; 'sizes', that there is no proof, and no counterexample
in any state of the sizes that are named; 'bounded', none in as many states as
there was room for. Where nothing is recorded for a kernel, the lemmas of the
others are tried first.

'--kernel all' stands for ${PROVED_KERNELS.join(', ')}, and
prints one table, claim by kernel; '--table' prints the one that was recorded
last, with its date, and asks nothing. '--recorded' is for a job that runs
unattended: it asks nothing but whether what is recorded as proved still is.

'--states' holds the lemmas against every state of their model with one thread
and one page, one thread and two pages, two threads and one page. What no later
step and no lemma tells apart is one state; where a limit came first, the line
says 'cut'.

Exit code: 0 where all is proved, 10 where a claim is violated, 21 where one is
not proved for all sizes, 30 where a state contradicts what Z3 has shown.
'mmcheck --help' lists the exit codes of all verbs.`

interface ProveFlags {
  readonly kernel?: readonly string[]
  readonly property?: readonly string[]
  readonly core?: readonly string[]
  readonly find?: boolean
  readonly update?: boolean
  readonly recorded?: boolean
  readonly table?: boolean
  readonly without?: readonly string[]
  readonly solver?: string
  readonly maxSeconds?: number
  readonly states?: boolean
  readonly lemmas?: boolean
  readonly cti?: boolean
  readonly resume?: boolean
  readonly progress?: boolean
  readonly json?: boolean
}

const SECONDS = 120

/** Whether one of these options has a meaning only where something is proved. */
const asksSolver = (f: ProveFlags): boolean =>
  f.find === true ||
  f.resume === true ||
  f.update === true ||
  f.recorded === true ||
  f.cti === true ||
  f.states === true ||
  f.lemmas === true ||
  f.without !== undefined ||
  f.solver !== undefined ||
  f.maxSeconds !== undefined

const TABLE_CLASH = withHelp(
  '--table reads what is recorded and asks no solver, so it goes with --kernel, --property, --core and --json alone',
  "'mmcheck prove --kernel all' prints the same table of what is checked just now",
)

/** The one that is named, or a native Z3; '--solver wasm' is the package. */
async function solverOf({ solver }: ProveFlags): Promise<{ readonly solver?: string }> {
  const { nativeZ3 } = await import('../proofs.ts')
  const named = solver ?? nativeZ3()
  return named === undefined || named === 'wasm' ? {} : { solver: named }
}

export function addProve(program: Command, { out, err, errIsTty }: Streams, ended: (code: number) => void): void {
  program
    .command('prove')
    .description('what holds for any number of threads and pages, proved by Z3')
    .option('-k, --kernel <names>', `kernels to prove it of, or 'all' (default: ${NEWEST})`, kernelNames)
    .option('--property <names>', 'properties of the core list (default: all)', value.collect)
    .option('--core <names>', 'models, by the names in parentheses (default: all)', value.collect)
    .option('--find', 'find the proof anew, though one is recorded')
    .option('--resume', 'go on with searches that were killed')
    .option('--update', 'record what is found')
    .option('--table', 'print at once how each claim stands on each kernel, as it was recorded')
    .option('--recorded', 'check again what is recorded, for every kernel, and nothing else')
    .option('--without <labels>', 'leave these steps or checks out', value.collect)
    .option(
      '--solver <program>',
      "a program to ask, such as 'z3' (default: z3 where there is one, or the package z3-solver)",
    )
    .option('--max-seconds <n>', `give a message to the solver this long (default: ${SECONDS})`, value.count)
    .option('--states', 'hold the lemmas of what is proved against every state at the three smallest sizes')
    .option('--lemmas', 'print the lemmas too')
    .option('--cti', 'of what is not proved, print the steps that may break it, and the lemma that each breaks')
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--json', 'print one JSON object')
    .addHelpText('after', PROVE_HELP)
    .action(async (flags: ProveFlags) => {
      if (flags.table === true) {
        const { proveTable } = await import('../commands/prove_table.ts')
        const { property: properties = [], core: cores = [], json = false } = flags
        const named = (flags.kernel ?? []).filter((k) => k !== ALL)
        ended(
          asksSolver(flags)
            ? fail({ json, out, err }, 'usage', TABLE_CLASH)
            : proveTable({ kernels: named, properties, cores, json, out, err }),
        )
        return
      }
      const table = flags.kernel?.includes(ALL) === true
      const kernels = (table ? PROVED_KERNELS : (flags.kernel ?? [NEWEST])).flatMap((name) => findKernel(name) ?? [])
      const run =
        flags.recorded === true
          ? (await import('../commands/prove_recorded.ts')).proveRecorded
          : (await import('../commands/prove.ts')).proveCommand
      ended(
        await run({
          kernels,
          properties: flags.property ?? [],
          cores: flags.core ?? [],
          find: flags.find ?? false,
          resume: flags.resume ?? false,
          progress: flags.progress ?? errIsTty,
          update: flags.update ?? false,
          without: flags.without ?? [],
          limitMs: (flags.maxSeconds ?? SECONDS) * 1000,
          states: flags.states ?? false,
          lemmas: flags.lemmas ?? false,
          cti: flags.cti ?? false,
          table,
          json: flags.json ?? false,
          out,
          err,
          ...(await solverOf(flags)),
        }),
      )
    })
}
