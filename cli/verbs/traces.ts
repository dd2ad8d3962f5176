/** The options of `minimise`, `simulate` and `graph`. */
import { Option, type Command } from 'commander'
import type { GraphFormat } from '../commands/graph.ts'
import { conflict } from '../conflicts.ts'
import { fail } from '../fail.ts'
import { STORE } from '../kept.ts'
import { printable, withHelp } from '../message.ts'
import { GRAPH_HELP, MINIMISE_HELP, SIMULATE_HELP } from '../help_traces.ts'
import * as value from '../options.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'

/** Of the process: where to speak, and whether somebody watches. */
export interface Speaking {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly errIsTty: boolean
}

interface Common {
  readonly kernel?: readonly string[]
  readonly without?: readonly string[]
  readonly json?: boolean
}

interface MinimiseFlags extends Common {
  readonly all?: boolean
  readonly update?: boolean
  readonly property?: string
  readonly timeout: number
  readonly prove: boolean
  readonly full?: boolean
  readonly save: boolean
  readonly progress?: boolean
}

interface SimulateFlags extends Common {
  readonly seed: number
  readonly runs: number
  readonly depth: number
  readonly stay: number
  readonly time?: number
  readonly full?: boolean
  readonly save: boolean
  readonly progress?: boolean
}

interface GraphFlags extends Common {
  readonly format: GraphFormat
  readonly maxStates: number
}

/** Until it is over, as 60s. */
const MINIMISE_MS = 60_000

/** Adds the verbs. `exit` is told the exit code. */
export function addTraceVerbs(program: Command, { out, err, errIsTty }: Speaking, exit: (code: number) => void): void {
  /** The kernels asked for; undefined where the options clash, which is then said. */
  const kernels = (file: string, { kernel = [], without = [], json = false }: Common): KernelsAsked | undefined => {
    const clash = conflict({ operands: [file], engine: 'explicit', kernel, without })
    if (clash !== undefined) {
      exit(fail({ json, out, err }, 'usage', clash))
      return undefined
    }
    const lines = value.kernelLines(kernel, without)
    return lines === undefined ? {} : { kernels: lines }
  }

  program
    .command('minimise')
    .description('take away from a counterexample all that it does not need, and say whether that is the least')
    .argument('[what]', "an id, a counterexample or litmus file, a name of the catalogue, or '-'")
    .option('--all', 'every counterexample of the corpus, held against what is recorded of it')
    .option('--update', 'with --all: record what is found')
    .option('--property <name>', 'the property to break, where a litmus file breaks several')
    .option('-k, --kernel <name>', 'the kernel, where a litmus file names several', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out; needs --kernel', value.collect)
    .addOption(
      new Option('--timeout <time>', 'print the best so far after this time')
        .argParser(value.duration)
        .default(MINIMISE_MS, '60s'),
    )
    .option('--no-prove', 'do not look at everything that is smaller')
    .option('--json', 'print one JSON object')
    .option('--full', 'print every step of the race, folding nothing')
    .option('--no-save', `do not keep the counterexample in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', MINIMISE_HELP)
    .action(async (what: string | undefined, flags: MinimiseFlags) => {
      const { all = false, update = false, json = false } = flags
      const usage = usageOf(what, flags)
      if (usage !== undefined) {
        exit(fail({ json, out, err }, 'usage', usage))
        return
      }
      if (all || what === undefined) {
        const progress = flags.progress ?? errIsTty
        const { minimiseAllCommand } = await import('../commands/minimise_all.ts')
        exit(await minimiseAllCommand({ maxMs: flags.timeout, update, json, progress, out, err }))
        return
      }
      const asked = kernels(what, flags)
      if (asked === undefined) return
      const { minimiseCommand } = await import('../commands/minimise.ts')
      const code = await minimiseCommand(what, {
        ...asked,
        maxMs: flags.timeout,
        exhaust: flags.prove,
        json: flags.json ?? false,
        full: flags.full ?? false,
        progress: flags.progress ?? errIsTty,
        out,
        err,
        ...(flags.property === undefined ? {} : { property: flags.property }),
        ...(flags.save ? { save: STORE } : {}),
      })
      exit(code)
    })

  program
    .command('simulate')
    .description('walk at random through a world that is too large to be searched')
    .argument('<file>', "a litmus file, a name of the catalogue, or '-'")
    .option('--seed <n>', 'the same seed gives the same walks', value.seed, 1)
    .option('--runs <n>', 'walks, at most', value.count, 10_000)
    .option('--depth <steps>', 'steps of one walk, at most', value.count, 1000)
    .option(
      '--stay <percent>',
      'how often a thread that can go on does; 0: all have the same chance',
      value.percent,
      80,
    )
    .option('--time <time>', 'stop after this time, as 60s', value.duration)
    .option('-k, --kernel <names>', 'instead of the kernels that the file names', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out; needs --kernel', value.collect)
    .option('--json', 'print one JSON object')
    .option('--full', 'print every step of a race, folding nothing')
    .option('--no-save', `do not keep counterexamples in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', SIMULATE_HELP)
    .action(async (file: string, flags: SimulateFlags) => {
      const asked = kernels(file, flags)
      if (asked === undefined) return
      const { seed, runs, depth, stay } = flags
      const { simulateCommand } = await import('../commands/simulate.ts')
      const code = await simulateCommand(file, {
        ...asked,
        seed,
        runs,
        depth,
        stay,
        json: flags.json ?? false,
        full: flags.full ?? false,
        progress: flags.progress ?? errIsTty,
        out,
        err,
        ...(flags.time === undefined ? {} : { maxMs: flags.time }),
        ...(flags.save ? { save: STORE } : {}),
      })
      exit(code)
    })

  program
    .command('graph')
    .description('draw the states of a small scenario and the steps between them')
    .argument('<file>', "a litmus file, a name of the catalogue, or '-'")
    .option('--format <format>', 'dot or svg', value.graphFormat, 'dot')
    .option('--max-states <n>', 'draw nothing where there are more', value.count, 500)
    .option('-k, --kernel <name>', 'the kernel, where the file names several', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out; needs --kernel', value.collect)
    .option('--json', 'print the graph as one JSON object')
    .addHelpText('after', GRAPH_HELP)
    .action(async (file: string, flags: GraphFlags) => {
      const asked = kernels(file, flags)
      if (asked === undefined) return
      const { graphCommand } = await import('../commands/graph.ts')
      exit(
        graphCommand(file, {
          ...asked,
          format: flags.format,
          maxStates: flags.maxStates,
          json: flags.json ?? false,
          out,
          err,
        }),
      )
    })
}

/** What is wrong with the operand of `minimise` and the options that stand in its place. */
function usageOf(what: string | undefined, flags: MinimiseFlags): string | undefined {
  const { all = false, update = false } = flags
  if (what === undefined && !all) return withHelp('nothing is said to be minimised', 'give an id, a file or --all')
  if (what !== undefined && all) return withHelp(`--all is the whole corpus, not '${printable(what)}'`, 'leave one out')
  if (update && !all) return withHelp('--update records what is found of the corpus', 'it needs --all')
  const clash = all && (flags.kernel !== undefined || flags.property !== undefined || !flags.prove)
  return clash
    ? withHelp('a recorded counterexample is of its own kernel and property', 'leave the option out')
    : undefined
}

interface KernelsAsked {
  readonly kernels?: readonly KernelLine[]
}
