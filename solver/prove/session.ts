/**
 * One Z3 in a child process, asked many small questions: declarations and hypotheses stay, each question is
 * asked between a push and a pop. Everything that a solver can do wrong is an answer.
 */
import { failureText, closeSolver, run, startSolver, type Reply } from '../smt/solver_process.ts'
import { closeNative, runNative, startNative } from './native.ts'
import type { Term } from './smt.ts'

export interface Session {
  readonly run: (text: string) => Promise<Reply>
  readonly close: () => void
  readonly limitMs: number
  readonly queries: { count: number; ms: number }
  /** Everything sent, where it is asked for. */
  readonly log?: (text: string) => void
}

export type Said =
  | { readonly kind: 'unsat'; readonly core: readonly string[] }
  | { readonly kind: 'sat' }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Starts a solver: the package z3-solver, or a program of that name. */
export function openSession(limitMs: number, program?: string, log?: (text: string) => void): Session {
  const common = { limitMs, queries: { count: 0, ms: 0 }, ...(log === undefined ? {} : { log }) }
  if (program !== undefined) {
    const native = startNative(program)
    return {
      ...common,
      run: (text) => runNative(native, text, limitMs),
      close: () => {
        closeNative(native)
      },
    }
  }
  const solver = startSolver()
  return {
    ...common,
    run: (text) => run(solver, text, limitMs),
    close: () => {
      closeSolver(solver)
    },
  }
}
export const closeSession = (s: Session): void => {
  s.close()
}

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
  const reply = await s.run(text)
  s.queries.ms += Date.now() - begun
  if (reply.kind !== 'output') throw new Error(`the solver is gone: ${reply.kind}`)
  if (reply.text.trim() !== '') throw new Error(reply.text.trim().slice(0, 300))
}

/** Asks several questions, each a list of assertions under the assumptions; answers come in order. */
export async function ask(
  s: Session,
  questions: readonly (readonly Term[])[],
  assumptions: readonly Term[],
): Promise<readonly Said[]> {
  s.queries.count += questions.length
  const text = questions
    .map(
      (q) =>
        `(push 1)\n${q.map((a) => `(assert ${a})`).join('\n')}\n(check-sat-assuming (${assumptions.join(' ')}))\n(get-unsat-core)\n(pop 1)\n`,
    )
    .join('')
  s.log?.(text)
  const begun = Date.now()
  const reply = await s.run(text)
  s.queries.ms += Date.now() - begun
  if (reply.kind !== 'output') {
    const reason = failureText(reply)
    return questions.map(() => ({ kind: 'unknown', reason }))
  }
  const read = readAll(reply.text)
  const out: Said[] = []
  for (let i = 0; i + 1 < read.length; i += 2) {
    const word = read[i]
    const after = read[i + 1] ?? ''
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
  const reply = await s.run(text)
  if (reply.kind !== 'output') return undefined
  const [word, pairs] = readAll(reply.text)
  if (word !== 'sat' || pairs === undefined || typeof pairs === 'string') return undefined
  return pairs.map((p) => (typeof p === 'string' ? p : (p[1] ?? '')))
}
