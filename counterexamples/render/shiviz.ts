/**
 * A trace as a log for ShiViz: two lines per event, what happened and `host {vector clock}`, under the two
 * lines that a log file begins with, the expression that reads it and an empty one (no second execution).
 * An event comes after another where it reads or writes what that one wrote, or writes what it read: shared
 * variables and locks alone, since ghosts connect nobody.
 */
import { accessesIn } from '../../solver/reference/accesses.ts'
import { cells } from '../cells.ts'
import { toAscii } from '../text.ts'
import { laneName, statesOf, type Subject } from './subject.ts'

const EXPRESSION = '(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})'

/** By thread: how many of its events come before, the event itself included. */
type Clock = ReadonlyMap<number, number>

function join(a: Clock, b: Clock | undefined): Clock {
  if (b === undefined) return a
  const out = new Map(a)
  for (const [thread, n] of b) out.set(thread, Math.max(n, out.get(thread) ?? 0))
  return out
}

/** The vector clock of each step. */
export function clocks({ model, found: { trace } }: Subject): readonly Clock[] {
  const states = statesOf(trace)
  const connects = (slot: number): boolean => ['shared', 'lock'].includes(model.slots[slot]?.kind ?? 'pc')
  const written = new Map<number, Clock>()
  const read = new Map<number, Clock>()
  const own = new Map<number, Clock>()
  return trace.steps.map(({ index, thread: { number }, step, choices }) => {
    const values = choices.map((c) => c.value)
    const { reads, writes } = accessesIn(model, step, values, states[index] ?? [])
    let clock: Clock = own.get(number) ?? new Map<number, number>()
    for (const slot of reads) if (connects(slot)) clock = join(clock, written.get(slot))
    for (const slot of writes) if (connects(slot)) clock = join(join(clock, written.get(slot)), read.get(slot))
    clock = new Map([...clock, [number, (clock.get(number) ?? 0) + 1]])
    own.set(number, clock)
    for (const slot of reads) read.set(slot, join(clock, read.get(slot)))
    for (const slot of writes) written.set(slot, clock)
    return clock
  })
}

/** The log; its expression is also the one that ShiViz begins with. */
export function renderShiviz(subject: Subject): string {
  const { trace } = subject.found
  const of = clocks(subject)
  const events = cells(trace, { fold: false, bang: subject.bang }).flatMap(({ thread, step, lines }) => {
    const own = lines.filter((l) => l.kind !== 'call').map((l) => l.text)
    const innermost = trace.steps[step]?.step.frames.at(-1)?.fn
    const where = innermost === undefined ? '' : `${toAscii(innermost)}: `
    const clock = [...(of[step] ?? [])].sort(([a], [b]) => a - b).map(([t, n]) => [laneName(t), n] as const)
    return [`${step + 1} ${where}${own.join(' ')}`, `${laneName(thread)} ${JSON.stringify(Object.fromEntries(clock))}`]
  })
  return [EXPRESSION, '', ...events, ''].join('\n')
}
