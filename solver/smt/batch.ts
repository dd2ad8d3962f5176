/** Many small questions to one solver: can this condition hold? */
import { dialectOf, logicOf } from './choice.ts'
import { assertions, definitions, nameOf, newPrinter } from './print.ts'
import { failureText, run } from './solver_process.ts'
import type { SolverFailure, SolverProcess } from './solver_process.ts'
import { FALSE, iff, isConstant, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'

export type Batch =
  | { readonly ok: true; readonly sat: readonly boolean[]; readonly queries: number }
  | { readonly ok: false; readonly reason: string }

const refused = (failure: SolverFailure): Batch => ({ ok: false, reason: failureText(failure) })

/** One answer per condition, in their order. What is constant is not asked. The solver must be fresh. */
export async function canHold(
  solver: SolverProcess,
  terms: Terms,
  conditions: readonly Lit[],
  limitMs: number,
): Promise<Batch> {
  const printer = newPrinter(terms)
  const asked = conditions.map((lit, i) => (isConstant(lit) ? undefined : { lit, as: variable(terms, `q.${i}`) }))
  const text = [`(set-logic ${logicOf(dialectOf(solver.choice))})\n`]
  for (const q of asked) {
    if (q === undefined) continue
    text.push(definitions(printer, [q.lit, q.as]), assertions(printer, [iff(terms, q.as, q.lit)]))
  }
  for (const q of asked) if (q !== undefined) text.push(`(check-sat-assuming (${nameOf(terms, q.as)}))\n`)
  const reply = await run(solver, text.join(''), limitMs)
  if (reply.kind !== 'output') return refused(reply)
  const words = reply.text.match(/^(sat|unsat|unknown|\(error.*)$/gm) ?? []
  const expected = asked.filter((q) => q !== undefined).length
  const odd = words.find((w) => w !== 'sat' && w !== 'unsat')
  if (odd !== undefined || words.length !== expected)
    return { ok: false, reason: odd ?? 'fewer answers than questions' }
  let next = 0
  const sat = asked.map((q, i) => (q === undefined ? conditions[i] !== FALSE : words[next++] === 'sat'))
  return { ok: true, sat, queries: expected }
}
