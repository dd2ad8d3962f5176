/** `mmcheck confirm ID` of what is no race of a few calls: runs that never end, and page frames. Where C programs are kept. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Counterexample } from '../../counterexamples/json.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { toAscii } from '../../counterexamples/text.ts'
import type { RunningKernel } from '../../kernel/probe/features.ts'
import { confirmFrames } from '../../kernel/frames/confirm.ts'
import { hasFrames } from '../../kernel/frames/conform.ts'
import { goesOn, heldCall, loopHead, loopSeen, runLoop } from '../../kernel/race/endless.ts'
import { showRegisters } from '../../kernel/race/outcome.ts'
import { confirmHang } from '../../kernel/sequential/hang.ts'
import type { Skip } from '../../kernel/skip.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { printable, reason } from '../message.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import type { ConfirmOptions, Note } from './confirm_options.ts'

interface Endless extends ConfirmOptions {
  readonly note: Note
  readonly notRun: (why: Skip) => number
}

const REPRODUCERS = join('.mmcheck', 'reproducers')

/** Writes a C program to where it was asked for; gives its path. */
export function keepReproducer(
  c: Counterexample,
  text: string,
  { output }: Pick<ConfirmOptions, 'output'>,
): Result<string, string> {
  const path = output ?? join(REPRODUCERS, `${c.id}.c`)
  try {
    if (output === undefined) mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return ok(path)
  } catch (e) {
    return failed(`cannot write '${printable(path)}': ${reason(e)}`)
  }
}

/** What was seen: `hits` of the rounds show it. */
interface Seen {
  readonly rounds: number
  readonly hits: number
  readonly said: string
  readonly reproducer?: string
}

async function look(
  c: Counterexample,
  scenario: Scenario,
  running: RunningKernel,
  seconds: number,
): Promise<Result<Seen, Skip>> {
  if (hasFrames(scenario)) {
    const ran = await confirmFrames(scenario, c.property.name)
    if (!ran.ok) return ran
    const { orders, hits, outcome } = ran.value
    const said = outcome === undefined ? `none of the ${orders} orders shows it` : showRegisters(outcome)
    return ok({ rounds: orders, hits, said })
  }
  if (!goesOn(scenario)) {
    const ran = await confirmHang(scenario)
    if (!ran.ok) return ran
    const { hung, call, seconds: waited } = ran.value
    return ok({
      rounds: 1,
      hits: hung ? 1 : 0,
      said: hung ? `${call} had not returned after ${waited} s` : 'every call returned',
    })
  }
  const ran = await runLoop(scenario, seconds)
  if (!ran.ok) return ran
  const { plain, long } = ran.value
  const said = loopSeen(ran.value)
  const hits = heldCall(ran.value) === undefined ? 0 : 1
  return ok({
    rounds: plain.rounds + long.rounds + hits,
    hits,
    said,
    reproducer: ran.value.reproducer(loopHead(c, running.release, said)),
  })
}

/** Returns the exit code: 10 where it was seen (or a call was held up for as long as was waited), else 20; 77 for a skip. */
export async function confirmEndless(
  c: Counterexample,
  scenario: Scenario,
  running: RunningKernel,
  options: Endless,
): Promise<number> {
  const ran = await look(c, scenario, running, options.seconds)
  if (!ran.ok) return options.notRun(ran.error)
  const { hits, rounds, said, reproducer } = ran.value
  const held = hits > 0
  options.note({ verdict: held ? 'confirmed' : 'not seen', rounds, hits, ...(held ? { seen: said } : { why: said }) })
  const keep = reproducer !== undefined && (held || options.output !== undefined)
  const kept = keep ? keepReproducer(c, reproducer, options) : undefined
  if (kept?.ok === false) return fail(options, 'input', kept.error)
  if (options.json)
    options.out(
      `${JSON.stringify({ ...RESULT_FORMAT, id: c.id, release: running.release, confirmed: held, rounds, hits, said, reproducer: kept?.value ?? null }, null, 2)}\n`,
    )
  else {
    const verdict = held ? options.style.verdict('violated', 'confirmed') : options.style.verdict('unknown', 'not seen')
    options.out(`cex ${c.id}: ${verdict}\n${wrapped(toAscii(said), '  ', 4)}\n`)
    if (kept !== undefined) options.out(`  ${toAscii(kept.value)} shows it: cc -O2 -Wall -Wextra -pthread\n`)
  }
  return held ? EXIT.violated.code : EXIT.incomplete.code
}
