/** `mmcheck confirm ID`: does a counterexample happen on the running kernel? */
import { ok } from '../../counterexamples/result.ts'
import { toAscii } from '../../counterexamples/text.ts'
import { hasFrames } from '../../kernel/frames/conform.ts'
import { confirm, isOf, type Confirmation } from '../../kernel/race/confirm.ts'
import { showPages, showRegisters } from '../../kernel/race/outcome.ts'
import { targetOf } from '../../kernel/race/target.ts'
import { against, type Against } from '../../kernel/running.ts'
import type { Skip } from '../../kernel/skip.ts'
import { recordConfirmation } from '../confirmations.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { skipped } from '../skipped.ts'
import type { Style } from '../style.ts'
import type { ConfirmOptions, Note } from './confirm_options.ts'
import { confirmEndless, keepReproducer } from './confirm_endless.ts'
import { corpusDirectory, readCounterexample, rerun } from './replay.ts'

/** The version of a release, without what its maker has put after it. */
const versionOf = (release: string): string => /^[\d.]+\d/.exec(release)?.[0] ?? release

/** Returns the exit code: 10 where the violation was seen, 20 where it was not, 77 for a skip. */
export async function confirmCommand(name: string, options: ConfirmOptions): Promise<number> {
  const read = await readCounterexample(name)
  if (!read.ok) return fail(options, 'input', read.error)
  const again = rerun(read.value)
  if (!again.ok) return fail(options, 'input', again.error)
  const { scenario, found } = again.value
  const c = read.value
  const kernel = await against()
  if (!kernel.ok) return skipped(options, kernel.error)
  const note: Note = (result) => {
    if (!options.record) return
    recordConfirmation(corpusDirectory(), {
      scenario: c.scenario.name,
      property: c.property.name,
      kernel: c.scenario.kernel,
      id: c.id,
      release: versionOf(kernel.value.running.release),
      date: new Date().toISOString().slice(0, 10),
      ...result,
    })
  }
  const notRun = (why: Skip): number => {
    note({ verdict: 'not run', rounds: 0, hits: 0, why: why.message })
    return skipped(options, why)
  }
  if (found.trace.loopStart !== undefined || hasFrames(scenario))
    return confirmEndless(c, scenario, kernel.value.running, { ...options, note, notRun })
  const target = targetOf(scenario, found.trace, c.property.name)
  if (!target.ok) return notRun(target.error)
  const ran = await confirm(c, target.value, kernel.value.running, {
    rounds: options.runs,
    seconds: options.seconds,
    seed: options.seed,
    enough: options.enough,
  })
  if (!ran.ok) return notRun(ran.error)
  const seen = ran.value.confirmed.length > 0
  const [most] = ran.value.confirmed
  note({
    verdict: seen ? 'confirmed' : 'not seen',
    rounds: ran.value.result.rounds,
    hits: rounds(ran.value),
    ...(most === undefined ? {} : { seen: `${showRegisters(most.outcome)} ${showPages(most.outcome)}`.trim() }),
  })
  const keep = seen || options.output !== undefined
  const kept = keep ? keepReproducer(c, ran.value.reproducer, options) : ok('')
  if (!kept.ok) return fail(options, 'input', kept.error)
  const path = kept.value
  if (options.json) options.out(json(c.id, ran.value, kernel.value, seen ? path : undefined))
  else {
    const expected = isOf(c, kernel.value.model.name)
    options.out(text(c.id, c.scenario.kernel, ran.value, kernel.value, expected, options.style))
    if (keep) options.out(`  ${toAscii(path)} shows it: cc -O2 -Wall -Wextra -pthread\n`)
  }
  return seen ? EXIT.violated.code : EXIT.incomplete.code
}

const rounds = (c: Confirmation): number => c.confirmed.reduce((n, o) => n + o.rounds, 0)

function text(id: string, kernel: string, c: Confirmation, at: Against, expected: boolean, style: Style): string {
  const { result } = c
  const of = `Linux ${at.running.release} does as ${at.model.name}; the counterexample is of ${kernel}`
  const hits = rounds(c)
  const verdict =
    hits > 0
      ? `${style.verdict('violated', 'confirmed')} in ${hits} of ${result.rounds} rounds`
      : `${style.verdict('unknown', 'not seen')} in ${result.rounds} rounds`
  return [
    `cex ${id}: ${verdict}${result.hung ? '; the kernel did not let the program end' : ''}`,
    wrapped(toAscii(expected ? of : `${of}, so that it need not happen here`), '  ', 4),
    wrapped(toAscii(`looked for: ${showRegisters(c.target.outcome)} ${showPages(c.target.outcome)}`), '  ', 4),
    ...c.confirmed.map((o) =>
      wrapped(toAscii(`seen ${o.rounds} times: ${showRegisters(o.outcome)} ${showPages(o.outcome)}`), '  ', 4),
    ),
    ...(result.failed > 0 ? [`  ${result.failed} rounds could not be set up`] : []),
    '',
  ].join('\n')
}

function json(id: string, c: Confirmation, at: Against, reproducer: string | undefined): string {
  const outcome = (o: Confirmation['target']['outcome']): object => ({
    registers: Object.fromEntries(o.registers.map((x) => [x.name, x.value])),
    guards: o.pages.filter((p) => p.guard).map((p) => p.name),
  })
  const document = {
    ...RESULT_FORMAT,
    id,
    release: at.running.release,
    model: at.model.name,
    confirmed: c.confirmed.length > 0,
    rounds: c.result.rounds,
    hits: rounds(c),
    failed: c.result.failed,
    hung: c.result.hung,
    wanted: outcome(c.target.outcome),
    seen: c.confirmed.map((o) => ({ rounds: o.rounds, ...outcome(o.outcome) })),
    reproducer: reproducer ?? null,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
