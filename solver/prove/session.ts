/**
 * One Z3 in a child process, asked many small questions: declarations and hypotheses stay, each question is
 * asked between a push and a pop. Everything that a solver can do wrong is an answer.
 */
import { dialectOf, solverChoice, WASM, type Dialect } from '../smt/choice.ts'
import { failureText, closeSolver, run, startSolver, type Reply, type SolverFailure } from '../smt/solver_process.ts'
import { closeNative, runNative, startNative } from './native.ts'
import type { Term } from './smt.ts'

export interface Session {
  /** `keep` is for what stays: should the solver end, the next one is told it again. */
  readonly run: (text: string, keep: boolean) => Promise<Reply>
  readonly close: () => void
  readonly dialect: Dialect
  readonly limitMs: number
  readonly queries: { count: number; ms: number }
  /** Everything sent, where it is asked for. */
  readonly log?: (text: string) => void
}

export type Said =
  | { readonly kind: 'unsat'; readonly core: readonly string[] }
  | { readonly kind: 'sat' }
  /** `failure` where the solver did not come to say so itself. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly failure?: SolverFailure['kind'] }

/** A solver that can be spoken to, whichever it is. */
interface Speaker {
  readonly run: (text: string) => Promise<Reply>
  readonly close: () => void
}

function start(limitMs: number, program: string | undefined): Speaker {
  if (program !== undefined) {
    const native = startNative(program)
    return {
      run: (text) => runNative(native, text, limitMs),
      close: () => {
        closeNative(native)
      },
    }
  }
  const solver = startSolver()
  return {
    run: (text) => run(solver, text, limitMs),
    close: () => {
      closeSolver(solver)
    },
  }
}

/** So often another solver takes the place of one that has ended: one that always ends must not go on for ever. */
const STARTS_MAX = 40
/** And so often in a row, for what has to be told before anything can be asked. */
const TRIES_MAX = 5

/**
 * Starts a solver: the package z3-solver, or a program of that name. Where it ends, by a limit or by a hand from
 * outside, the question at hand is lost, and the next is put to another one that is told all over what stays.
 */
export function openSession(limitMs: number, program?: string, log?: (text: string) => void): Session {
  const kept: string[] = []
  let speaker = start(limitMs, program)
  let starts = 1
  let dead: SolverFailure | undefined
  const heard = (reply: Reply): Reply => {
    if (reply.kind !== 'output') dead = reply
    return reply
  }
  /** Another solver, as far as the last one was; what went wrong, where that could not be. */
  const again = async (): Promise<void> => {
    if (dead === undefined || dead.kind === 'missing' || starts >= STARTS_MAX) return
    starts++
    speaker.close()
    speaker = start(limitMs, program)
    dead = undefined
    if (kept.length === 0) return
    const reply = heard(await speaker.run(kept.join('\n')))
    if (reply.kind === 'output' && reply.text.trim() !== '') dead = { kind: 'crash', reason: reply.text.trim() }
  }
  const choice = program === undefined ? WASM : solverChoice(program)
  return {
    dialect: choice === undefined ? 'standard' : dialectOf(choice),
    limitMs,
    queries: { count: 0, ms: 0 },
    ...(log === undefined ? {} : { log }),
    run: async (text, keep) => {
      await again()
      // What stays is told to whoever comes next, if not to this one.
      const reply = dead ?? heard(await speaker.run(text))
      if (keep) kept.push(text)
      if (!keep || reply.kind === 'output') return reply
      for (let tries = 0; dead !== undefined && tries < TRIES_MAX; tries++) await again()
      return dead ?? { kind: 'output', text: '' }
    },
    close: () => {
      speaker.close()
    },
  }
}
export const closeSession = (s: Session): void => {
  s.close()
}

/** What a solver is told first. Z3's own search for models is of no use with sets of any size, and takes long. */
export const headOf = ({ dialect }: Pick<Session, 'dialect'>): readonly string[] =>
  dialect === 'z3' ? ['(set-option :produce-unsat-cores true)', '(set-option :smt.mbqi false)'] : ['(set-logic ALL)']

/** An S-expression: a word, or a list. */
export type SExpr = string | readonly SExpr[]

/** Reads the S-expressions of a text. A text that breaks off in the middle gives what was complete. */
export function readAll(text: string): readonly SExpr[] {
  const stack: SExpr[][] = [[]]
  const token = /\s+|\(|\)|"(?:[^"]|"")*"|\|[^|]*\||[^\s()|"]+/y
  token.lastIndex = 0
  for (let m = token.exec(text); m !== null; m = token.exec(text)) {
    const [word] = m
    if (word === '(') stack.push([])
    else if (word === ')') {
      const done = stack.pop() ?? []
      stack[stack.length - 1]?.push(done)
    } else if (word.trim() !== '') stack[stack.length - 1]?.push(word)
  }
  return stack[0] ?? []
}

/** Commands that print nothing where all is well. Throws what the solver says otherwise. */
export async function tell(s: Session, text: string): Promise<void> {
  s.log?.(text)
  const begun = Date.now()
  const reply = await s.run(text, true)
  s.queries.ms += Date.now() - begun
  if (reply.kind !== 'output') throw new Error(`the solver is gone: ${failureText(reply)}`, { cause: reply })
  if (reply.text.trim() !== '') throw new Error(reply.text.trim().slice(0, 300))
}

/** What the solver did that ended a search, where it was that: what `tell` throws has it as its cause. */
export function failureOf(e: unknown): SolverFailure | undefined {
  const cause: unknown = e instanceof Error ? e.cause : undefined
  return isFailure(cause) ? cause : undefined
}
const FAILURES: readonly unknown[] = ['timeout', 'memory', 'crash', 'missing']
const isFailure = (x: unknown): x is SolverFailure =>
  typeof x === 'object' && x !== null && 'kind' in x && FAILURES.includes(x.kind)

/**
 * Asks several questions, each a list of assertions under the assumptions; answers come in order. Where the solver
 * ends over several at once each is asked by itself, so that only what it cannot answer is lost; and where it was
 * killed over one, that is asked once more.
 */
export async function ask(
  s: Session,
  questions: readonly (readonly Term[])[],
  assumptions: readonly Term[],
): Promise<readonly Said[]> {
  s.queries.count += questions.length
  const said = await askAtOnce(s, questions, assumptions)
  if (!isFailure(said)) return said
  const out: Said[] = []
  for (const q of questions) {
    const alone = questions.length > 1 || said.kind === 'crash' ? await askAtOnce(s, [q], assumptions) : said
    out.push(...(isFailure(alone) ? [unanswered(alone)] : alone))
  }
  return out
}

const unanswered = (failure: SolverFailure): Said => ({
  kind: 'unknown',
  reason: failureText(failure),
  failure: failure.kind,
})

async function askAtOnce(
  s: Session,
  questions: readonly (readonly Term[])[],
  assumptions: readonly Term[],
): Promise<readonly Said[] | SolverFailure> {
  // One that cannot say which assumptions it needed is taken to have needed all.
  const core = s.dialect === 'z3' ? '(get-unsat-core)' : ''
  // The standard's grammar has no empty list of assumptions.
  const plain = s.dialect !== 'z3' && assumptions.length === 0
  const check = plain ? '(check-sat)' : `(check-sat-assuming (${assumptions.join(' ')}))`
  const text = questions
    .map((q) => `(push 1)\n${q.map((a) => `(assert ${a})`).join('\n')}\n${check}\n${core}\n(pop 1)\n`)
    .join('')
  s.log?.(text)
  const begun = Date.now()
  const reply = await s.run(text, false)
  s.queries.ms += Date.now() - begun
  if (reply.kind !== 'output') return reply
  const read = readAll(reply.text)
  const step = s.dialect === 'z3' ? 2 : 1
  const out: Said[] = []
  for (let i = 0; i + step <= read.length; i += step) {
    const word = read[i]
    const after = step === 1 ? assumptions : (read[i + 1] ?? '')
    if (word === 'unsat' && typeof after !== 'string')
      out.push({ kind: 'unsat', core: after.filter((x) => typeof x === 'string') })
    else if (word === 'sat') out.push({ kind: 'sat' })
    else if (word === 'unknown') out.push({ kind: 'unknown', reason: 'unknown' })
    else return questions.map(() => ({ kind: 'unknown', reason: JSON.stringify(word).slice(0, 200) }))
  }
  if (out.length !== questions.length) return questions.map(() => ({ kind: 'unknown', reason: 'answers are missing' }))
  return out
}

/** The values of terms in a model of the assertions; undefined where the answer is not `sat`. */
export async function model(
  s: Session,
  question: readonly Term[],
  assumptions: readonly Term[],
  terms: readonly Term[],
): Promise<readonly SExpr[] | undefined> {
  const asserted = question.map((a) => `(assert ${a})`).join('\n')
  s.queries.count++
  const text = `(push 1)\n${asserted}\n(check-sat-assuming (${assumptions.join(' ')}))\n(get-value (${terms.join(' ')}))\n(pop 1)\n`
  s.log?.(text)
  const reply = await s.run(text, false)
  if (reply.kind !== 'output') return undefined
  const [word, pairs] = readAll(reply.text)
  if (word !== 'sat' || pairs === undefined || typeof pairs === 'string') return undefined
  return pairs.map((p) => (typeof p === 'string' ? p : (p[1] ?? '')))
}
