/**
 * A run that never ends, on a real kernel: a call beside a thread that goes on and on. What a real kernel can show is
 * that the loop is gone round, how often, and that a call has not returned for so long; never that it does not end.
 */
import { rm } from 'node:fs/promises'
import type { Counterexample } from '../../counterexamples/json.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { compile } from '../compile.ts'
import { skip, type Skip } from '../skip.ts'
import { generateC } from './generate.ts'
import { raceProgram, type RaceProgram } from './program.ts'
import { execute, raceTemplate } from './run.ts'

/** Times in milliseconds. */
export interface Call {
  /** As in the litmus file. */
  readonly text: string
  /** The least that it takes where nobody goes on and on. */
  readonly aloneMs: number
  /** The longest that has returned. */
  readonly longestMs: number
  /** Of one that had not returned when the time was up. */
  readonly heldMs?: number
}

export interface EndlessRun {
  /** Real pages that one of the model stands for. */
  readonly block: number
  readonly calls: readonly Call[]
  /** Rounds in which every call returned, and those of them in which a reader had to fault its page in again. */
  readonly rounds: number
  readonly turned: number
  /** The most faults of one round. */
  readonly most: number
  /** In the round that was not over: loads of the readers, and faults. */
  readonly reads: number
  readonly faults: number
  /** How long that round lasted on once the readers had ended; undefined where it did not end, or there is none. */
  readonly releasedMs?: number
  /** System calls of a traced run that left the kernel only to be made again. */
  readonly restarts?: number
}

export interface Endless {
  /** With a page for a page, and with as many as take a walk long. */
  readonly plain: EndlessRun
  readonly long: EndlessRun
  /** A second of `long` with a tracer, where a call was held up. */
  readonly traced?: EndlessRun
  /** The C program of `long`; `head` is what it tells of itself. */
  readonly reproducer: (head: readonly string[]) => string
}

/** As many pages as process_madvise() takes at once: MAX_RW_COUNT of include/linux/fs.h. */
const LONG_PAGES = 2 ** 19 - 1
/** The part of the time in which pages are pages, to see how often the loop is gone round. */
const PLAIN_SHARE = 0.2
const TRACED_SECONDS = 2
/** What a program gets beyond its time: the calls alone, and those that are held up let go. */
const GRACE_MS = 20_000

/** Threads that go on and on are no calls that have to end. */
const isCall = (op: RaceProgram['threads'][number]['ops'][number]): boolean => op.name !== 'keep_reading'

/** Reads the lines that the program prints, or why its first state could not be brought about. Throws on others. */
export function parseEndless(text: string, program: RaceProgram): EndlessRun | string {
  const calls = new Map<string, { text: string; aloneMs: number; longestMs: number; heldMs?: number }>()
  program.threads.forEach((t, i) => {
    t.ops.forEach((op, n) => {
      if (isCall(op)) calls.set(`${i} ${n}`, { text: op.text, aloneMs: 0, longestMs: 0 })
    })
  })
  let run: EndlessRun = { block: program.block, calls: [], rounds: 0, turned: 0, most: 0, reads: 0, faults: 0 }
  for (const line of text.split('\n').filter((l) => l !== '')) {
    const [word = '', ...rest] = line.split(' ')
    if (word === 'setup') return rest.join(' ')
    if (word === 'stuck') continue
    const [a = 0, b = 0, ...more] = rest.map(Number)
    if ([a, b, ...more].some((n) => !Number.isFinite(n))) throw new Error(`the race printed '${line}'`)
    const call = calls.get(`${a} ${b}`)
    const [x = 0, y = 0, z = 0] = more
    if (word === 'calls') run = { ...run, rounds: a, turned: b, most: x }
    else if (word === 'restarts') run = { ...run, restarts: a }
    else if (word === 'released') run = { ...run, releasedMs: a }
    else if (call === undefined) throw new Error(`the race printed '${line}'`)
    else if (word === 'alone') call.aloneMs = x / 1e3
    else if (word === 'op') call.longestMs = y / 1e3
    else if (word === 'held') {
      call.heldMs = x
      run = { ...run, reads: y, faults: z }
    } else throw new Error(`the race printed '${line}'`)
  }
  return { ...run, calls: [...calls.values()] }
}

async function runEndless(
  program: RaceProgram,
  text: string,
  args: readonly string[],
  seconds: number,
): Promise<Result<EndlessRun, Skip>> {
  const compiled = await compile(`endless-${process.pid}`, [{ name: 'endless.c', text }])
  if (!compiled.ok) return compiled
  const ended = await execute(compiled.value.path, [String(seconds), ...args], seconds * 1000 + GRACE_MS).finally(
    async () => rm(compiled.value.path, { force: true }),
  )
  const run = parseEndless(ended.text, program)
  if (typeof run === 'string')
    return failed(skip('feature', `this kernel cannot be brought into the first state of the test: ${run}`))
  if (run.rounds === 0 && run.calls.every((c) => c.heldMs === undefined))
    return failed(skip('feature', `the race cannot run on this kernel (exit code ${ended.code ?? 'none'})`))
  return ok(run)
}

/** Whether a scenario has a thread that goes on and on. */
export const goesOn = ({ file }: Scenario): boolean =>
  file.threads.some((t) => t.stmts.some((s) => s.op.text === 'keep_reading'))

/** A call that has taken so many times as long as alone, while readers had their page back so often, is held up. */
const HELD_TIMES = 10
const HELD_FAULTS = 6

/** The call of a loop that had not returned for so long that its loop is what held it up; undefined where none was. */
export const heldCall = ({ long }: Endless): Call | undefined =>
  long.faults < HELD_FAULTS ? undefined : long.calls.find((c) => (c.heldMs ?? 0) > HELD_TIMES * c.aloneMs)

const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(2))} s`

/** What was seen of a loop, in words; every number is of a run. */
export function loopSeen({ plain, long, traced }: Endless): string {
  const held = long.calls.filter((c) => c.heldMs !== undefined)
  const pages = `${long.block} pages, of which a thread went on reading the last`
  const round = `on one page, a reader had it back before the call in ${plain.turned} of ${plain.rounds} rounds, ${plain.most} times at most`
  if (held.length === 0) return `every call returned on ${pages}; ${round}`
  const calls = held.map(
    (c) => `${c.text} had not returned after ${seconds(c.heldMs ?? 0)} (alone: ${seconds(c.aloneMs)})`,
  )
  const turns = `which faulted it in ${long.faults} times`
  const after =
    long.releasedMs === undefined
      ? 'it did not return when the reads ended'
      : `it returned ${seconds(long.releasedMs)} after the reads had ended`
  const restarts =
    (traced?.restarts ?? 0) === 0
      ? []
      : [`a tracer saw it leave with -ERESTARTNOINTR ${traced?.restarts} times, with ${traced?.faults} faults`]
  return [`${calls.join(', ')} on ${pages}, ${turns}`, after, ...restarts, round].join('; ')
}

/** What the C program of a loop tells of itself. */
export const loopHead = (c: Counterexample, release: string, seen: string): readonly string[] => [
  `${c.property.name}: ${c.title}`,
  '',
  `Counterexample ${c.id} of mmcheck, found on its model of ${c.scenario.kernel}:`,
  c.property.statement,
  '',
  ...c.scenario.litmus
    .split('\n')
    .filter((l) => l.trim() !== '')
    .map((l) => `    ${l}`),
  '',
  `On Linux ${release}:`,
  ...seen.split('; ').map((l) => `    ${l}`),
  '',
  'cc -O2 -Wall -Wextra -pthread FILE.c -o race && ./race 10',
  'Arguments: seconds; then `trace`, to count the system calls that are made again.',
  'Lines: held THREAD OP MS LOADS FAULTS, of a call that has not returned in time;',
  'released MS, how long it took to return once the loads had ended.',
  'It makes mappings (and memfds) of its own, and nothing else. Exit code 1: a call',
  'had not returned; 2: the first state could not be brought about.',
]

/** Runs the operations of a loop for so many seconds. */
export async function runLoop(scenario: Scenario, time: number): Promise<Result<Endless, Skip>> {
  const made = raceProgram(scenario, undefined, { keeps: true })
  if (!made.ok) return made
  const [one, long] = [made.value, { ...made.value, block: LONG_PAGES }]
  if (one.block !== 1) return failed(skip('feature', 'a loop with a collapse in it is not run yet'))
  const template = await raceTemplate('endless')
  const textOf = (p: RaceProgram, head: readonly string[] = []): string => generateC(template, p, { head, wanted: [] })
  const plain = await runEndless(one, textOf(one), [], time * PLAIN_SHARE)
  if (!plain.ok) return plain
  const slow = await runEndless(long, textOf(long), [], time * (1 - PLAIN_SHARE))
  if (!slow.ok) return slow
  const reproducer = (head: readonly string[]): string => textOf(long, head)
  const whole = { plain: plain.value, long: slow.value, reproducer }
  if (!slow.value.calls.some((c) => c.heldMs !== undefined)) return ok(whole)
  const traced = await runEndless(long, textOf(long), ['trace'], TRACED_SECONDS)
  return ok({ ...whole, ...(traced.ok ? { traced: traced.value } : {}) })
}
