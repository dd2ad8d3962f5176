/** One order for all lists of statements that become one another when neighbours which do not depend on each other are swapped. */
import type { Accesses } from '../../../model/language/slots.ts'

interface Statement extends Accesses {
  readonly text: string
}

const meets = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((s) => b.has(s))

const dependOn = (a: Statement, b: Statement): boolean =>
  meets(a.writes, b.writes) || meets(a.writes, b.reads) || meets(a.reads, b.writes)

/**
 * The texts of some statements in the least order that does the same: the lexicographic normal form of their trace
 * (Anisimov and Knuth, "Inhomogeneous sorting", 1979). Assertions only read: which of them fails first is not told.
 */
export function inOrder(statements: readonly Statement[]): readonly string[] {
  if (statements.length < 2) return statements.map(({ text }) => text)
  const waitsFor = statements.map(
    (one, i) => new Set(statements.slice(0, i).flatMap((before, j) => (dependOn(before, one) ? [j] : []))),
  )
  const left = new Set(statements.keys())
  const texts: string[] = []
  while (left.size > 0) {
    const free = [...left].filter((i) => [...(waitsFor[i] ?? [])].every((j) => !left.has(j)))
    const least = free.reduce((a, b) => ((statements[b]?.text ?? '') < (statements[a]?.text ?? '') ? b : a))
    left.delete(least)
    texts.push(statements[least]?.text ?? '')
  }
  return texts
}
