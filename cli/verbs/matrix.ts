/** The verb `matrix` and its options. */
import { availableParallelism } from 'node:os'
import { InvalidArgumentError, type Command } from 'commander'
import { closest } from '../../model/litmus/suggest.ts'
import { sweepOperations } from '../../model/scenarios/sweep/cells.ts'
import { findWorld, SWEEP_KERNELS, SWEEP_WORLDS, type SweepWorld } from '../../model/scenarios/sweep/worlds.ts'
import { MATRIX_HELP } from '../help.ts'
import { CELL_STATES_MAX } from '../nightly/sweep_run.ts'
import * as value from '../options.ts'
import { newStyle, useColor, type ColorMode } from '../style.ts'
import type { Streams } from '../streams.ts'

interface MatrixFlags {
  readonly world?: readonly SweepWorld[]
  readonly kernel?: readonly string[]
  readonly op?: readonly string[]
  readonly triples?: boolean
  readonly longtermPins?: boolean
  readonly jobs?: number
  readonly maxStates: number
  readonly json?: boolean
  readonly table?: boolean
  readonly update?: boolean
  readonly progress?: boolean
  readonly color: ColorMode
}

const worlds = (text: string, previous: readonly SweepWorld[] = []): readonly SweepWorld[] => {
  const named = value.collect(text, []).map((name) => {
    const found = findWorld(name)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`known: ${SWEEP_WORLDS.map((w) => w.name).join(', ')}`)
  })
  return [...new Set([...previous, ...named])]
}

const operations = (text: string, previous: readonly string[] = []): readonly string[] => {
  const known = [...new Set(SWEEP_WORLDS.flatMap((w) => sweepOperations(w).flatMap((o) => [o.name, o.operation.name])))]
  for (const name of value.collect(text, [])) {
    if (known.includes(name)) continue
    const near = closest(name, known)
    throw new InvalidArgumentError(near === undefined ? `known: ${known.join(', ')}` : `did you mean '${near}'?`)
  }
  return value.collect(text, previous)
}

/** One line of standard error that is written over; none where nobody watches. */
function newLine(on: boolean): (text: string) => void {
  let width = 0
  return (text) => {
    if (!on) return
    process.stderr.write(text === '' ? `\r${' '.repeat(width)}\r` : `\r${text.padEnd(width)}`)
    width = text.length
  }
}

export function addMatrix(program: Command, streams: Streams, done: (code: number) => void): void {
  const { out, err } = streams
  program
    .command('matrix')
    .description('run every pair of operations against each other, in every world, and hold it against the record')
    .option('-w, --world <names>', 'only in these worlds', worlds)
    .option('-k, --kernel <names>', `on these kernels instead of ${SWEEP_KERNELS.join(', ')}`, value.kernelNames)
    .option('--op <names>', 'only the cells in which one of these operations takes part', operations)
    .option('--longterm-pins', 'instead of pairs: tests 151 to 162 of cow.c, long-term pins to read, on v6.1 and v6.2')
    .option('--triples', 'three threads: a guard install, an operation that takes tables away, and any third')
    .option('-j, --jobs <n>', 'how many cells at a time (default: one per processor)', value.count)
    .option('--max-states <n>', 'stop a cell after this many states', value.count, CELL_STATES_MAX)
    .option('--table', 'print the triangle of pairs as well')
    .option('--json', 'print one JSON object')
    .option('--update', 'record what was found as what is expected')
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', MATRIX_HELP)
    .action(async (flags: MatrixFlags) => {
      if (flags.longtermPins === true) {
        const { longtermPins } = await import('../commands/longterm_pins.ts')
        done(longtermPins({ ...flags, json: flags.json ?? false, out, err }))
        return
      }
      const { matrix } = await import('../commands/matrix.ts')
      done(
        await matrix({
          worlds: flags.world ?? SWEEP_WORLDS,
          kernels: flags.kernel ?? SWEEP_KERNELS,
          operations: flags.op ?? [],
          triples: flags.triples ?? false,
          jobs: flags.jobs ?? availableParallelism(),
          maxStates: flags.maxStates,
          json: flags.json ?? false,
          table: flags.table ?? false,
          update: flags.update ?? false,
          progress: newLine(flags.progress ?? streams.errIsTty),
          style: newStyle(useColor(flags.color, streams.outIsTty, streams.env)),
          out,
          err,
        }),
      )
    })
}
