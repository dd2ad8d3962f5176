/** The verb `nightly`: everything that has a record, held against it, in one run. */
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { SWEEP_KERNELS, SWEEP_WORLDS, TRIPLE_WORLDS } from '../../model/scenarios/sweep/worlds.ts'
import { check, type CheckOptions } from '../commands/check.ts'
import { matrix, type MatrixOptions } from '../commands/matrix.ts'
import { EXIT } from '../exit.ts'
import { NIGHTLY_HELP } from '../help.ts'
import * as value from '../options.ts'
import type { Streams } from '../streams.ts'
import { newStyle, useColor, type ColorMode } from '../style.ts'
import { CELL_STATES_MAX, newLine } from './matrix.ts'

interface NightlyFlags {
  readonly jobs?: number
  readonly update?: boolean
  readonly progress?: boolean
  readonly color: ColorMode
}

/** Exit codes in the order of their rank: the worst of the parts is that of the whole. */
const worstCode = (codes: readonly number[]): number =>
  Object.values(EXIT)
    .map((e) => e.code)
    .sort((a, b) => rank(b) - rank(a))
    .find((code) => codes.includes(code)) ?? EXIT.ok.code

const RANKED = [
  'ok',
  'vacuous',
  'unknown',
  'incomplete',
  'deadlock',
  'violated',
  'input',
  'usage',
  'disagree',
  'internal',
] as const
const rank = (code: number): number => RANKED.findIndex((name) => EXIT[name].code === code)

export function addNightly(program: Command, streams: Streams, done: (code: number) => void): void {
  const { out, err } = streams
  program
    .command('nightly')
    .description('the whole catalogue, the pairwise sweep and its triples, each held against its record')
    .option('-j, --jobs <n>', 'how many cells of the sweep at a time (default: one per processor)', value.count)
    .option('--update', 'record what was found as what is expected')
    .option('--progress', 'show progress even where standard error is no terminal')
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', NIGHTLY_HELP)
    .action(async (flags: NightlyFlags) => {
      const style = newStyle(useColor(flags.color, streams.outIsTty, streams.env))
      const progress = flags.progress ?? streams.errIsTty
      const common = { json: false, update: flags.update ?? false, style, out, err } as const
      const catalogue: CheckOptions = {
        ...common,
        engine: 'explicit',
        depth: 0,
        reductions: [],
        strict: false,
        lint: false,
        liveness: false,
        full: false,
        progress,
      }
      const sweep: MatrixOptions = {
        ...common,
        worlds: SWEEP_WORLDS,
        kernels: SWEEP_KERNELS,
        operations: [],
        triples: false,
        jobs: flags.jobs ?? availableParallelism(),
        maxStates: CELL_STATES_MAX,
        table: false,
        progress: newLine(progress),
      }
      const seconds: string[] = []
      const timed = async (name: string, run: () => Promise<number>): Promise<number> => {
        const start = performance.now()
        const code = await run()
        seconds.push(`${name} ${Math.round((performance.now() - start) / 1000)} s`)
        return code
      }
      const codes = [
        await timed('catalogue', () => check([], catalogue)),
        await timed('pairs', () => matrix(sweep)),
        await timed('triples', () => matrix({ ...sweep, worlds: TRIPLE_WORLDS, triples: true })),
      ]
      out(`nightly: ${seconds.join(', ')}\n`)
      done(worstCode(codes))
    })
}
