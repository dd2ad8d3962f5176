/** What goes with `nightly`: worker, merge, diff, config, completion, man. */
import { availableParallelism } from 'node:os'
import { InvalidArgumentError, type Command } from 'commander'
import { bashCompletion, fishCompletion, manPage, zshCompletion } from '../completion.ts'
import { applyConfig, readConfig, settings, type Setting } from '../config.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { COMPLETION_HELP, CONFIG_HELP, DIFF_HELP, MAN_HELP, MERGE_HELP, WORKER_HELP } from '../help_nightly.ts'
import * as value from '../options.ts'
import { reporter, type ReporterRequest } from '../reporters/registry.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import type { Streams } from '../streams.ts'
import { newStyle, useColor, type ColorMode } from '../style.ts'
import { CACHE_DIRECTORY, queueUrl } from './run_options.ts'

const LEASE_MS = 30_000
const SLOWER = 1.5

function factor(text: string): number {
  const n = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || n < 1) throw new InvalidArgumentError('a number from 1 up is needed, as 1.5')
  return n
}

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

function shell(text: string): keyof typeof SHELLS {
  if (text === 'bash' || text === 'zsh' || text === 'fish') return text
  throw new InvalidArgumentError('known: bash, zsh, fish')
}

const shown = ({ value: v }: Setting): string => (v === undefined ? '(none)' : JSON.stringify(v))

export function addNightlyTools(
  program: Command,
  streams: Streams,
  version: string,
  done: (code: number) => void,
): void {
  const { out, err } = streams
  program
    .command('worker')
    .description('check cells of runs with --queue, until it is stopped')
    .requiredOption('--queue <url>', 'the Redis server, as redis://localhost:6379', queueUrl)
    .option('-j, --jobs <n>', 'how many cells at a time (default: one per processor)', value.count)
    .option('--lease <time>', 'after so long without a sign of life its cells go to others', value.duration, LEASE_MS)
    .option('--idle <time>', 'end when there is nothing to do for this time', value.duration)
    .option('--no-cache', 'check every cell, whatever is known of it')
    .option('--cache-dir <dir>', `results of earlier runs (default: ${CACHE_DIRECTORY})`)
    .addHelpText('after', WORKER_HELP)
    .action(
      async (flags: {
        queue: string
        jobs?: number
        lease: number
        idle?: number
        cache: boolean
        cacheDir?: string
      }) => {
        const { worker } = await import('../commands/worker.ts')
        done(
          await worker({
            url: flags.queue,
            jobs: flags.jobs ?? availableParallelism(),
            leaseMs: flags.lease,
            ...(flags.idle === undefined ? {} : { idleMs: flags.idle }),
            ...(flags.cache ? { cache: flags.cacheDir ?? CACHE_DIRECTORY } : {}),
            out,
            err,
          }),
        )
      },
    )

  program
    .command('merge')
    .description('join the JSON of all shards of a run, or print a result in other forms')
    .argument('<result...>', 'files that the json reporter wrote')
    .option('--reporter <name>', 'default, ktap, junit, json, markdown or html; NAME=FILE for a file', reporter)
    .option('--color <when>', 'auto, always or never', value.colorMode, 'auto')
    .addHelpText('after', MERGE_HELP)
    .action(async (files: string[], flags: { reporter?: readonly ReporterRequest[]; color: ColorMode }) => {
      const style = newStyle(useColor(flags.color, streams.outIsTty, streams.env))
      const { merge } = await import('../commands/merge.ts')
      done(merge(files, { reporters: flags.reporter ?? [{ name: 'json' }], style, out, err }))
    })

  program
    .command('diff')
    .description('what a run found that the one before it did not')
    .argument('<before>', 'a file that the json reporter wrote')
    .argument('<after>', 'another one')
    .option('--slower <factor>', 'how many times as long counts as slower', factor, SLOWER)
    .option('--json', 'print one JSON object')
    .addHelpText('after', DIFF_HELP)
    .action(async (before: string, after: string, flags: { slower: number; json?: boolean }) => {
      const { diff } = await import('../commands/diff.ts')
      done(diff(before, after, { slower: flags.slower, json: flags.json ?? false, out, err }))
    })

  program
    .command('config')
    .description('print what each option is where the command line says nothing, and which file says so')
    .option('--show', 'print it (default)')
    .option('--all', 'print options without a value as well')
    .option('--json', 'print one JSON object')
    .addHelpText('after', CONFIG_HELP)
    .action((flags: { all?: boolean; json?: boolean }) => {
      const json = flags.json ?? false
      const read = readConfig(streams.env, process.cwd())
      if (!read.ok) {
        done(fail({ json, out, err }, 'input', read.error))
        return
      }
      const wrong = program.commands.map((c) => applyConfig(program, c, read.value)).find((w) => w !== undefined)
      if (wrong !== undefined) {
        done(fail({ json, out, err }, 'input', wrong))
        return
      }
      const all = settings(program, read.value).filter((s) => flags.all === true || s.value !== undefined)
      if (json)
        out(
          `${JSON.stringify({ ...RESULT_FORMAT, settings: all.map((s) => ({ ...s, value: s.value ?? null })) }, null, 2)}\n`,
        )
      else
        for (const s of all)
          out(`${s.verb}.${s.option} = ${shown(s)}  (${s.path === undefined ? s.origin : `${s.origin}: ${s.path}`})\n`)
      done(EXIT.ok.code)
    })

  program
    .command('completion')
    .description('print what a shell needs to complete verbs, options and scenarios')
    .argument('<shell>', 'bash, zsh or fish', shell)
    .addHelpText('after', COMPLETION_HELP)
    .action((name: keyof typeof SHELLS) => {
      out(SHELLS[name](program))
      done(EXIT.ok.code)
    })

  program
    .command('man')
    .description('print the manual page')
    .addHelpText('after', MAN_HELP)
    .action(() => {
      out(manPage(program, version))
      done(EXIT.ok.code)
    })
}
