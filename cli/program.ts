/** The command line: the verbs, whose options and defaults stand in verbs/, and what holds for all of them. */
import { Command, CommanderError } from 'commander'
import { findKernel, KERNELS, type Kernel } from '../model/kernels/kernels.ts'
import { applyConfig, readConfig } from './config.ts'
import { EXIT } from './exit.ts'
import { fail } from './fail.ts'
import { ROOT_HELP } from './help.ts'
import { errorText } from './message.ts'
import type { Streams } from './streams.ts'
import { strayWord, usageError } from './usage.ts'
import { addAffected } from './verbs/affected.ts'
import { addCheck } from './verbs/check.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addExplain } from './verbs/explain.ts'
import { addExport } from './verbs/export.ts'
import { addKernelVerbs } from './verbs/kernel.ts'
import { addList } from './verbs/list.ts'
import { addMatrix } from './verbs/matrix.ts'
import { addNecessity } from './verbs/necessity.ts'
import { addNightly } from './verbs/nightly.ts'
import { addNightlyTools } from './verbs/nightly_tools.ts'
import { addProve } from './verbs/prove.ts'
import { addRaces } from './verbs/races.ts'
import { addRank } from './verbs/rank.ts'
import { addReplay } from './verbs/replay.ts'
import { addSeries } from './verbs/series.ts'
import { addTraceVerbs } from './verbs/traces.ts'

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

  const ended = (ends: number): void => {
    code = ends
  }
  addCheck(program, streams, ended)
  addReplay(program, streams, ended)
  addExplain(program, streams, ended)
  addList(program, streams, defaultKernel(), ended)
  addExport(program, streams, ended)
  addTraceVerbs(program, streams, ended)
  addAffected(program, streams, ended)
  addNightly(program, streams, ended)
  addMatrix(program, streams, ended)
  addRaces(program, streams, ended)
  addProve(program, streams, ended)
  addNightlyTools(program, streams, version, ended)
  addKernelVerbs(program, streams, ended)
  addRank(program, streams, defaultKernel(), ended)
  addNecessity(program, streams, ended)
  addSeries(program, streams, ended)
  addDoctor(program, streams, version, ended)

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
