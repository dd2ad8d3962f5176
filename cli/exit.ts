/** Exit codes, in the order in which one wins over another (highest rank first). */
import { wrap } from '../counterexamples/text.ts'
import type { Verdict } from '../solver/verdict.ts'

export const EXIT = {
  internal: { code: 70, meaning: 'mmcheck itself failed' },
  disagree: { code: 30, meaning: 'two engines disagree' },
  usage: { code: 1, meaning: 'the command line is wrong' },
  input: { code: 2, meaning: 'a file cannot be read, or says something wrong' },
  violated: { code: 10, meaning: 'a property or a final condition is violated, or differs from what was expected' },
  deadlock: { code: 11, meaning: 'a deadlock, and nothing else, is violated' },
  incomplete: { code: 20, meaning: 'the search ended at a limit' },
  unknown: { code: 21, meaning: 'only the solver could not answer' },
  skipped: { code: 77, meaning: 'this machine lacks what is needed: a compiler, a feature, a privilege' },
  vacuous: { code: 13, meaning: 'a property holds vacuously (with --strict)' },
  ok: { code: 0, meaning: 'everything is as it should be' },
} as const

/** As a shell reports a process that SIGPIPE ended. Nothing was found out, so it must not look like success. */
export const PIPE_CLOSED = 141

/** As a shell reports a process that Ctrl-C ended. */
export const INTERRUPTED = 130

export type Outcome = keyof typeof EXIT

export const isOutcome = (x: string | undefined): x is Outcome => x !== undefined && Object.hasOwn(EXIT, x)

const RANK: readonly Outcome[] = [
  'internal',
  'disagree',
  'usage',
  'input',
  'violated',
  'deadlock',
  'incomplete',
  'unknown',
  'skipped',
  'vacuous',
  'ok',
]

/** The outcome that decides the exit code of a run. */
export const highest = (outcomes: readonly Outcome[]): Outcome => RANK.find((o) => outcomes.includes(o)) ?? 'ok'

export function outcomeOf(verdict: Verdict, strict: boolean): Outcome {
  switch (verdict) {
    case 'holds':
    case 'holds-bounded':
      return 'ok'
    case 'vacuous':
      return strict ? 'vacuous' : 'ok'
    case 'violated':
      return 'violated'
    case 'timeout':
    case 'crash':
    case 'unknown':
      return 'incomplete'
    case 'disagree':
      return 'disagree'
    case 'error':
      return 'input'
  }
}

/** For `--help`, in the 79 columns that every terminal has. */
export const exitHelp = (): string =>
  [
    'Exit codes (the first that applies):',
    ...RANK.flatMap((o) => {
      const [first = '', ...rest] = wrap(EXIT[o].meaning, { width: 72, hanging: 0 })
      return [`  ${String(EXIT[o].code).padStart(3)}  ${first}`, ...rest.map((l) => `       ${l}`)]
    }),
    'An interrupted run ends with 130; one whose reader is gone, with 141.',
  ].join('\n')
