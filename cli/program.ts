/** The command line: every verb, option and default in one place, from which `--help` is made. */
import { Command, CommanderError } from 'commander'
import { findKernel, KERNELS, type Kernel } from '../model/kernels/kernels.ts'
// The verb that most runs ask for; the others are loaded when they are asked for, as all of them would take as long again.
import { check } from './commands/check.ts'
import type { ExportFormat } from './commands/export.ts'
import type { SolverChoice } from '../solver/smt/choice.ts'
import type { Engine } from './cell.ts'
import { addKernelVerbs } from './verbs/kernel.ts'
import { addList } from './verbs/list.ts'
import { addMatrix } from './verbs/matrix.ts'
import { addNightly } from './verbs/nightly.ts'
import { addRank } from './verbs/rank.ts'
import { addProve } from './verbs/prove.ts'
import { addRaces } from './verbs/races.ts'
import { addNightlyTools } from './verbs/nightly_tools.ts'
import {
  addRunOptions,
  asksForRun,
  DEFAULT_DEPTH,
  engineOf,
  runOptions,
  searchRequest,
  type RunFlags,
} from './verbs/run_options.ts'
import { addTraceVerbs } from './verbs/traces.ts'
import { applyConfig, readConfig } from './config.ts'
import { conflict } from './conflicts.ts'
import { EXIT } from './exit.ts'
import { fail } from './fail.ts'
import {
  CHECK_HELP,
  DOCTOR_HELP,
  EXPLAIN_HELP,
  EXPORT_HELP,
  REPLAY_HELP,
  ROOT_HELP,
  NECESSITY_HELP,
  SERIES_HELP,
} from './help.ts'
import { STORE } from './kept.ts'
import { errorText, withHelp } from './message.ts'
import type { Format } from '../counterexamples/render/formats.ts'
import type { Reduction } from '../solver/reduce/reduced.ts'
import { strayWord, usageError } from './usage.ts'
import type { Streams } from './streams.ts'
import * as value from './options.ts'
import { newStyle, useColor, type ColorMode } from './style.ts'

interface CheckFlags extends RunFlags {
  readonly kernel?: readonly string[]
  readonly without?: readonly string[]
  readonly mutate?: readonly string[]
  readonly engine: Engine
  readonly depth?: number
  readonly reduce?: readonly Reduction[]
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

/** A mutant may have many more states than what it is made of; twenty times the largest of the catalogue. */
const MUTANT_STATES = 2_000_000

interface NecessityFlags {
  readonly kernel?: readonly string[]
  readonly maxStates: number
  readonly timeout?: number
  readonly json?: boolean
  readonly save: boolean
  readonly progress?: boolean
}

interface ReplayFlags {
  readonly format?: Format
  readonly output?: string
  readonly steps?: boolean
  readonly full?: boolean
  readonly json?: boolean
}

interface ExportFlags {
  readonly format: ExportFormat
  readonly kernel?: readonly string[]
  readonly without: readonly string[]
  readonly assertions: boolean
  readonly output?: string
}

/** Marks what a configuration file is to blame for. */
const CONFIG_ERROR = 'mmcheck.config'

/** Runs the command line and returns the exit code. */
export async function runProgram(argv: readonly string[], streams: Streams, version: string): Promise<number> {
  let code: number = EXIT.ok.code
  const { out, err } = streams
  const program = new Command('mmcheck')
    .description('Checks Linux mm invariants on a small-step model: every interleaving, or an honest bound.')
    .version(version)
    .configureOutput({
      writeOut: out,
      writeErr: err,
      outputError: (text, write) => {
        write(usageError(text))
      },
    })
    .exitOverride()
    .addHelpText('after', ROOT_HELP)

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
      'what the wasm or explicit engine may leave out: por, or none (default)',
      value.reductions,
    )
    .option('--liveness', 'ask of every scenario whether its operations end, on every fair run')
    .option('--workers <n>', 'threads that share the table of a search; needs --engine auto or wasm', value.workers)
    .option('--max-states <n>', 'stop after this many states', value.count)
    .option('--memory <size>', 'stop when states take this much memory, as 8G', value.size)
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
      code = fail({ json: flags.json ?? false, out, err }, 'usage', clash)
      return
    }
    const kernels = value.kernelLines(kernel, without)
    if (run) {
      const { nightly } = await import('./commands/nightly.ts')
      code = await nightly(
        runOptions(flags, streams, {
          selection: {
            operands: files,
            tier: flags.tier ?? 'nightly',
            sweep: [],
            ...(kernels === undefined ? {} : { kernels }),
          },
          search: searchRequest(flags),
        }),
      )
      return
    }
    code = await check(files, {
      engine: flags.engine,
      depth: flags.depth ?? DEFAULT_DEPTH,
      reductions: flags.reduce ?? [],
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
    })
  })

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
        code = fail({ json: flags.json ?? false, out, err }, 'usage', withHelp(error, 'ask twice'))
        return
      }
      const { replayCommand } = await import('./commands/replay.ts')
      code = await replayCommand(id, {
        format,
        full: flags.full ?? false,
        out,
        err,
        ...(flags.output === undefined ? {} : { output: flags.output }),
      })
    })

  program
    .command('explain')
    .description('tell in full what a counterexample, a property or an error code says')
    .argument('<id>', 'an id, a property such as GuardStays, or a code such as MM101')
    .option('--json', 'print one JSON object')
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (id: string, flags: { json?: boolean; progress?: boolean }) => {
      const progress = flags.progress ?? streams.errIsTty
      const { explain } = await import('./commands/explain.ts')
      code = await explain(id, { json: flags.json ?? false, progress, out, err })
    })

  addList(program, streams, defaultKernel(), (ended) => {
    code = ended
  })

  program
    .command('export')
    .description('print a scenario as Promela for SPIN or TLA+ for TLC, with how to run it and what to expect')
    .argument('<file>', "a litmus file, a name of the catalogue, or '-'")
    .option('--format <format>', 'promela or tla', value.exportFormat, 'promela')
    .option('-k, --kernel <names>', 'instead of the kernels that the file names', value.kernelNames)
    .option('--without <labels>', 'leave these steps or checks out; needs --kernel', value.collect, [])
    .option('--no-assertions', 'only the states: check no property')
    .option('-o, --output <dir>', 'write files there, one model per kernel')
    .addHelpText('after', EXPORT_HELP)
    .action(async (file: string, flags: ExportFlags) => {
      const { kernel = [], without } = flags
      const clash = conflict({ operands: [file], engine: 'explicit', kernel, without })
      if (clash !== undefined) {
        code = fail({ json: false, out, err }, 'usage', clash)
        return
      }
      const kernels = value.kernelLines(kernel, without)
      const { exportCommand } = await import('./commands/export.ts')
      code = exportCommand(file, {
        format: flags.format,
        assertions: flags.assertions,
        out,
        err,
        ...(kernels === undefined ? {} : { kernels }),
        ...(flags.output === undefined ? {} : { output: flags.output }),
      })
    })

  addTraceVerbs(program, streams, (c) => {
    code = c
  })
  addNightly(program, streams, (c) => {
    code = c
  })
  addMatrix(program, streams, (c) => {
    code = c
  })
  addRaces(program, streams, (c) => {
    code = c
  })
  addProve(program, streams, (c) => {
    code = c
  })
  addNightlyTools(program, streams, version, (c) => {
    code = c
  })

  addKernelVerbs(program, streams, (c) => {
    code = c
  })
  addRank(program, streams, defaultKernel(), (c) => {
    code = c
  })
  program
    .command('necessity')
    .description('take away each lock, wait, check, order and atomic update that a scenario reaches: is it needed?')
    .argument('<file>', "a litmus file, a name of the catalogue, or '-'")
    .option('-k, --kernel <names>', 'instead of the newest kernel that the file names', value.kernelNames)
    .option('--max-states <n>', 'stop each search after this many states', value.count, MUTANT_STATES)
    .option('--timeout <time>', 'stop each search after this time, as 60s', value.duration)
    .option('--json', 'print one JSON object')
    .option('--no-save', `do not keep counterexamples in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', NECESSITY_HELP)
    .action(async (file: string, flags: NecessityFlags) => {
      const kernels = value.kernelLines(flags.kernel ?? [], [])
      const { necessityCommand } = await import('./commands/necessity.ts')
      code = await necessityCommand(file, {
        json: flags.json ?? false,
        progress: flags.progress ?? streams.errIsTty,
        maxStates: flags.maxStates,
        out,
        err,
        ...(flags.timeout === undefined ? {} : { maxMs: flags.timeout }),
        ...(kernels === undefined ? {} : { kernels }),
        ...(flags.save ? { save: STORE } : {}),
      })
    })

  program
    .command('series')
    .description('check a patch series in each of its versions and between any two of its patches')
    .argument('<name>', 'such as vm-maybe-guard')
    .argument('[file...]', 'litmus files or names of the catalogue; without any, all of it')
    .option('--posting <version>', 'the version to tell patch by patch, as v2 (default: the last)')
    .option('--max-states <n>', 'stop each search after this many states', value.count, MUTANT_STATES)
    .option('--timeout <time>', 'stop each search after this time, as 60s', value.duration)
    .option('--json', 'print one JSON object')
    .option('--no-save', `do not keep counterexamples in ${STORE}`)
    .option('--progress', 'show progress even where standard error is no terminal')
    .addHelpText('after', SERIES_HELP)
    .action(async (name: string, files: string[], flags: Omit<NecessityFlags, 'kernel'> & { posting?: string }) => {
      const { seriesCommand } = await import('./commands/series.ts')
      code = await seriesCommand(name, files, {
        ...(flags.posting === undefined ? {} : { posting: flags.posting }),
        json: flags.json ?? false,
        progress: flags.progress ?? streams.errIsTty,
        maxStates: flags.maxStates,
        out,
        err,
        ...(flags.timeout === undefined ? {} : { maxMs: flags.timeout }),
        ...(flags.save ? { save: STORE } : {}),
      })
    })

  program
    .command('doctor')
    .description('print the versions of what mmcheck runs on, and what is missing')
    .option('--json', 'print one JSON object')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (flags: { json?: boolean }) => {
      const { doctor } = await import('./commands/doctor.ts')
      code = await doctor({ json: flags.json ?? false, version, out })
    })

  program.hook('preAction', (_, command) => {
    const read = command.name() === 'config' ? undefined : readConfig(streams.env, process.cwd())
    const wrong = read === undefined ? undefined : read.ok ? applyConfig(program, command, read.value) : read.error
    if (wrong === undefined) return
    err(errorText(wrong))
    throw new CommanderError(EXIT.input.code, CONFIG_ERROR, wrong)
  })
  const verbs = program.commands.map((c) => c.name())
  const stray = strayWord(argv, [...verbs, 'help'])
  if (stray !== undefined) return fail({ json: argv.includes('--json'), out, err }, 'usage', stray)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (e) {
    if (e instanceof CommanderError && e.code === CONFIG_ERROR) return e.exitCode
    if (e instanceof CommanderError) return e.exitCode === 0 ? EXIT.ok.code : EXIT.usage.code
    throw e
  }
}

function defaultKernel(): Kernel {
  const newest = KERNELS[KERNELS.length - 1] ?? findKernel('v7.0')
  if (newest === undefined) throw new Error('there is no kernel')
  return newest
}
