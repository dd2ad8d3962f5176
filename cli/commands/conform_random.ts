/** `mmcheck conform --random`: sequences drawn at random, on the running kernel and in its model. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { toAscii } from '../../counterexamples/text.ts'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { openProbe } from '../../kernel/probe/probe.ts'
import { against, type Against } from '../../kernel/running.ts'
import type { Account } from '../../kernel/sequences/compare.ts'
import { selectWorlds, showMissing, type Selection } from '../../kernel/sequences/select.ts'
import { WORLDS } from '../../kernel/sequences/worlds.ts'
import { skip } from '../../kernel/skip.ts'
import { conformRandom, type Disagreement, type RandomReport } from '../../kernel/sequences/random.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { printable, reason, withHelp } from '../message.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { COLUMNS, wrapped } from '../report_text.ts'
import { skipped } from '../skipped.ts'
import type { Style } from '../style.ts'
import { kernelSentence } from './conform.ts'

export interface ConformRandomOptions {
  readonly kernel?: Kernel
  /** Names of worlds; all where there is none. */
  readonly worlds: readonly string[]
  readonly runs: number
  /** 0 for no limit. */
  readonly seconds: number
  readonly seed: number
  readonly json: boolean
  readonly progress: boolean
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Where disagreements are kept, below the working directory. */
const KEPT = join('.mmcheck', 'disagreements')

/** Returns the exit code: 10 where kernel and model disagree, 77 where the machine lacks something. */
export async function conformRandomCommand(options: ConformRandomOptions): Promise<number> {
  const unknown = options.worlds.find((name) => WORLDS.every((w) => w.name !== name))
  if (unknown !== undefined) {
    const known = `known: ${WORLDS.map((w) => w.name).join(', ')}`
    return fail(options, 'usage', withHelp(`no world '${printable(unknown)}'`, known))
  }
  const found = await against(options.kernel)
  if (!found.ok) return skipped(options, found.error)
  const selection = selectWorlds(found.value.running.features, options.worlds)
  if (selection.worlds.length === 0) {
    const [first] = selection.skipped
    const lacks = first === undefined ? '' : `${first.world} needs ${showMissing(first.missing)}`
    return skipped(options, skip('feature', `no world can be run here: ${lacks}`))
  }
  // On one CPU, and not on the first: the model has another, and takes longer than one probe.
  const opened = await openProbe({ cpu: availableParallelism() - 1 })
  if (!opened.ok) return skipped(options, opened.error)
  const probe = opened.value
  try {
    const report = await conformRandom(
      probe,
      { kernel: found.value.model, without: [] },
      {
        worlds: selection.worlds,
        runs: options.runs,
        seconds: options.seconds,
        seed: options.seed,
        ...(options.progress ? { onProgress: (done: number): void => options.err(`\r${done} sequences`) } : {}),
      },
    )
    if (options.progress) options.err('\r')
    const { disagreement } = report
    const path = disagreement && join(KEPT, `${disagreement.world}-${options.seed}.litmus`)
    if (disagreement !== undefined && path !== undefined) {
      try {
        mkdirSync(KEPT, { recursive: true })
        writeFileSync(path, disagreement.litmus)
      } catch (e) {
        return fail(options, 'input', `cannot write '${path}': ${reason(e)}`)
      }
    }
    options.out(
      options.json
        ? json(report, found.value, selection, options.seed, path)
        : text(report, found.value, selection, options, path),
    )
    return EXIT[disagreement === undefined ? 'ok' : 'violated'].code
  } finally {
    await probe.close()
  }
}

const rate = (r: RandomReport): number => Math.round((r.sequences / Math.max(r.ms, 1)) * 1000)

function sideBySide(accounts: readonly Account[]): readonly string[] {
  const half = Math.floor((COLUMNS - 4) / 2)
  return accounts.flatMap((a) => {
    const both = [`kernel: ${a.kernel}`, `model: ${a.model}`]
    const short = both.every((t) => t.length < half)
    const said = short
      ? [`      ${both[0]?.padEnd(half) ?? ''}${both[1] ?? ''}`]
      : both.map((t) => wrapped(toAscii(t), '      ', 4))
    return [`  ${a.verdict === 'differs' ? '!' : ' '} ${toAscii(a.statement)}`, ...said]
  })
}

function told(d: Disagreement, style: Style, path: string): readonly string[] {
  return [
    style.verdict('violated', `Kernel and model disagree in the world ${d.world}:`),
    ...sideBySide(d.accounts),
    `  shrunk from ${d.foundAt} operations; kept as ${path}`,
  ]
}

function text(
  r: RandomReport,
  at: Against,
  { skipped: left }: Selection,
  { style, seed }: ConformRandomOptions,
  path = '',
): string {
  const worlds = [...r.perWorld].sort().map(([name, n]) => `${name} ${n}`)
  return [
    wrapped(toAscii(kernelSentence(at)), ''),
    wrapped(
      `${r.sequences} sequences of ${r.operations} operations in ${(r.ms / 1000).toFixed(1)} s (${rate(r)}/s), seed ${seed}`,
      '',
      2,
    ),
    wrapped(worlds.join(', '), '  '),
    ...left.map((l) => wrapped(toAscii(`skipped: ${l.world}: this machine lacks ${showMissing(l.missing)}`), '  ', 2)),
    ...(r.cutShort === 0
      ? []
      : [
          wrapped(
            `${r.cutShort} ended where the kernel keeps apart VMAs that the model merges (its bounds tell why)`,
            '  ',
            2,
          ),
        ]),
    ...(r.disagreement === undefined
      ? [`${style.verdict('holds', 'Ok')}: kernel and model agree on every result, guard, VMA and byte`]
      : told(r.disagreement, style, path)),
    '',
  ].join('\n')
}

function json(
  r: RandomReport,
  at: Against,
  { skipped: left }: Selection,
  seed: number,
  path: string | undefined,
): string {
  const document = {
    ...RESULT_FORMAT,
    release: at.running.release,
    model: at.model.name,
    why: at.why ?? null,
    seed,
    sequences: r.sequences,
    operations: r.operations,
    cutShort: r.cutShort,
    skipped: left,
    perWorld: Object.fromEntries(r.perWorld),
    ms: Math.round(r.ms),
    disagreement:
      r.disagreement === undefined
        ? null
        : { world: r.disagreement.world, litmus: r.disagreement.litmus, accounts: r.disagreement.accounts, path },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
