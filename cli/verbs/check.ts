/** The options of `check`. */
import type { Command } from 'commander'
import type { SolverChoice } from '../../solver/smt/choice.ts'
import type { Reduction } from '../../solver/reduce/reduced.ts'
import type { Engine } from '../cell.ts'
// The verb that most runs ask for; the others are loaded when they are asked for, as all of them would take as long again.
import { check } from '../commands/check.ts'
import { conflict } from '../conflicts.ts'
import type { Order } from '../order.ts'
import { fail } from '../fail.ts'
import { CHECK_HELP } from '../help.ts'
import { STORE } from '../kept.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'
import { newStyle, useColor, type ColorMode } from '../style.ts'
import {
  addRunOptions,
  asksForRun,
  DEFAULT_DEPTH,
  engineOf,
  runOptions,
  searchRequest,
  type RunFlags,
} from './run_options.ts'

interface CheckFlags extends RunFlags {
  readonly kernel?: readonly string[]
  readonly without?: readonly string[]
  readonly mutate?: readonly string[]
  readonly engine: Engine
  readonly depth?: number
  readonly reduce?: readonly Reduction[]
  readonly order?: Order
  readonly liveness?: boolean
  readonly anyStart?: boolean
  readonly solver?: SolverChoice
  readonly smtLog?: string
  readonly workers?: number
  readonly maxStates?: number
  readonly memory?: number
  readonly timeout?: number
  readonly json?: boolean
  readonly strict?: boolean
  readonly lint?: boolean
  readonly update?: boolean
  readonly full?: boolean
  readonly save: boolean
  readonly progress?: boolean
  readonly color: ColorMode
}

export function addCheck(program: Command, streams: Streams, ended: (code: number) => void): void {
  const { out, err } = streams
  const checkVerb = program
    .command('check', { isDefault: true })
    .description('check litmus files; without any, the whole catalogue against what is recorded for it')
    .argument('[file...]', "litmus files, names of the catalogue, or '-' for standard input")
    .option('-k, --kernel <names>', 'check on these kernels instead of those that the file names', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out (routine.label); needs --kernel', value.collect)
    .option('--mutate <name>', "take one thing away, as 'necessity' names it; needs --kernel", value.mutation)
    .option(
      '--engine <engine>',
      'explicit, wasm, auto (wasm where it can), reference, or smt (bounded, by Z3)',
      value.engine,
      'explicit',
    )
    .option('--depth <steps>', 'how deep the smt engine looks (default: 30)', value.count)
    .option('--any-start', 'smt: begin in every well-formed state, not only in the one that the file gives')
    .option('--solver <solver>', 'smt: wasm (default), z3, cvc5, or the path of an SMT-LIB 2 solver', value.solver)
    .option('--smt-log <dir>', 'smt: write what is asked there, as SMT-LIB 2 files')
    .option(
      '--reduce <how>',
      'what the wasm or explicit engine may leave out: por, symmetry, auto (por where it pays), or none (default)',
      value.reductions,
    )
    .option(
      '--order <order>',
      'breadth-first (default), or depth-first, which goes on where memory ends; its races are not the shortest',
      value.order,
    )
    .option('--liveness', 'ask of every scenario whether its operations end, on every fair run')
    .option('--workers <n>', 'threads that share the table of a search; needs --engine auto or wasm', value.workers)
    .option('--max-states <n>', 'stop after this many states', value.count)
    .option('--memory <size>', 'stop when states take this much memory, as 12G', value.size)
    .option('--timeout <time>', 'stop each cell after this time, as 600s', value.duration)
    .option('--json', 'print one JSON object')
    .option('--strict', 'a property that holds vacuously fails the run')
    .option('--lint', 'ask the linter first whether the model keeps its own rules here; it can take minutes')
    .option('--full', 'print every step of a race, folding nothing')
    .option('--update', 'record what was found as what is expected of the catalogue')
    .option('--no-save', `do not keep counterexamples in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', CHECK_HELP)
  addRunOptions(checkVerb).action(async (files: string[], told: CheckFlags, command: Command) => {
    const flags: CheckFlags = { ...told, engine: engineOf(told, command) }
    const { kernel = [], mutate = [] } = flags
    const without = [...(flags.without ?? []), ...mutate]
    const run = asksForRun(flags)
    const clash = conflict({ operands: files, ...flags, kernel, without: flags.without ?? [], mutate, run })
    if (clash !== undefined) {
      ended(fail({ json: flags.json ?? false, out, err }, 'usage', clash))
      return
    }
    const kernels = value.kernelLines(kernel, without)
    if (run) {
      const { nightly } = await import('../commands/nightly.ts')
      ended(
        await nightly(
          runOptions(flags, streams, {
            selection: {
              operands: files,
              tier: flags.tier ?? 'nightly',
              sweep: [],
              ...(kernels === undefined ? {} : { kernels }),
            },
            search: searchRequest(flags),
          }),
        ),
      )
      return
    }
    ended(
      await check(files, {
        engine: flags.engine,
        depth: flags.depth ?? DEFAULT_DEPTH,
        reductions: flags.reduce ?? [],
        order: flags.order ?? 'breadth-first',
        liveness: flags.liveness ?? false,
        anyStart: flags.anyStart ?? false,
        ...(flags.solver === undefined ? {} : { solver: flags.solver }),
        ...(flags.smtLog === undefined ? {} : { smtLog: flags.smtLog }),
        json: flags.json ?? false,
        strict: flags.strict ?? false,
        lint: flags.lint ?? false,
        update: flags.update ?? false,
        full: flags.full ?? false,
        progress: flags.progress ?? streams.errIsTty,
        style: newStyle(useColor(flags.color, streams.outIsTty, streams.env)),
        out,
        err,
        ...(kernels === undefined ? {} : { kernels }),
        ...(flags.workers === undefined ? {} : { workers: flags.workers }),
        ...(flags.maxStates === undefined ? {} : { maxStates: flags.maxStates }),
        ...(flags.memory === undefined ? {} : { maxBytes: flags.memory }),
        ...(flags.timeout === undefined ? {} : { maxMs: flags.timeout }),
        ...(flags.save && files.length > 0 ? { save: STORE } : {}),
      }),
    )
  })
}
