/** Scenarios with one thread, or one operation, less. */
import type { LitmusFile, Stmt, ThreadDecl } from '../../model/litmus/ast.ts'
import { printStmt } from '../../model/litmus/printer.ts'
import type { Reduction } from './reduction.ts'
import { numbered } from './tree.ts'

const textOf = (s: Stmt): string => printStmt(s).replace(/;$/, '')

/** A thread left without operations goes, unless it is the last. */
function withThreads(file: LitmusFile, threads: readonly ThreadDecl[]): LitmusFile {
  const busy = threads.filter((t) => t.stmts.length > 0)
  return { ...file, threads: numbered(busy.length > 0 ? busy : threads.slice(0, 1)) }
}

/** `original` names threads as the user knows them. */
export function threadReductions(file: LitmusFile, original: (t: ThreadDecl) => string): readonly Reduction[] {
  const { threads } = file
  const out: Reduction[] = []
  if (threads.length > 1)
    for (const t of threads)
      out.push({
        what: `thread ${original(t)}: ${t.stmts.map(textOf).join(', ')}`,
        file: withThreads(
          file,
          threads.filter((x) => x !== t),
        ),
      })
  for (const first of threads)
    for (const second of threads)
      if (first !== second && first.mm?.text === second.mm?.text) {
        const joined = { ...first, stmts: [...first.stmts, ...second.stmts] }
        const rest = threads.filter((x) => x !== second).map((x) => (x === first ? joined : x))
        out.push({
          what: `a thread of its own for ${original(second)}, which goes on after ${original(first)}`,
          file: withThreads(file, rest),
        })
      }
  for (const t of threads)
    for (const s of t.stmts) {
      const less = { ...t, stmts: t.stmts.filter((x) => x !== s) }
      const rest = threads.map((x) => (x === t ? less : x))
      // The last operation of several threads is the thread, which is taken away above.
      if (less.stmts.length > 0 || threads.length === 1)
        out.push({ what: `${textOf(s)} in ${original(t)}`, file: withThreads(file, rest) })
    }
  return out
}
