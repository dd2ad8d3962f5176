/**
 * A model in which each step knows what its thread's locals hold wherever that is the same on every way to it: which
 * call is being made, above all. What cannot come then is left out of it, so that what only that would read is read by
 * nobody.
 */
import { branch } from '../../model/language/lower/build.ts'
import { substitute } from '../../model/language/lower/tail.ts'
import type { LExpr, LoweredModel, LStmt, Step } from '../../model/language/lowered.ts'

/** Values of some of a thread's locals, by slot. */
type Known = ReadonlyMap<number, number>

/** Statements with what is known put in, and what is known at the end of each way through them. */
interface Through {
  readonly body: readonly LStmt[]
  readonly ends: readonly Known[]
}

interface Thread {
  readonly model: LoweredModel
  readonly thread: number
  readonly pcSlot: number
}

const isOwn = ({ model, thread }: Thread, slot: number): boolean =>
  model.slots[slot]?.kind === 'local' && model.slots[slot].thread === thread

const common = (a: Known, b: Known): Known => new Map([...a].filter(([slot, value]) => b.get(slot) === value))

/** What a condition that came out true (or false) tells. */
function assuming(t: Thread, cond: LExpr, outcome: boolean, known: Known): Known {
  if (cond.kind === 'not') return assuming(t, cond.arg, !outcome, known)
  if (cond.kind !== 'binary') return known
  const { op, left, right } = cond
  if (op === (outcome ? 'eq' : 'ne') && left.kind === 'slot' && right.kind === 'const' && isOwn(t, left.slot))
    return new Map([...known, [left.slot, right.value]])
  if (op === (outcome ? 'and' : 'or')) return assuming(t, right, outcome, assuming(t, left, outcome, known))
  return known
}

/** Ways that go to one place are one. */
function merged(t: Thread, ends: readonly Known[]): readonly Known[] {
  const byPlace = new Map<number | undefined, Known>()
  for (const end of ends) {
    const place = end.get(t.pcSlot)
    const before = byPlace.get(place)
    byPlace.set(place, before === undefined ? end : common(before, end))
  }
  return [...byPlace.values()]
}

function through(t: Thread, statements: readonly LStmt[], begin: Known): Through {
  let ends: readonly Known[] = [begin]
  const body: LStmt[] = []
  for (const s of statements) {
    const [known, ...more] = ends
    if (known === undefined || more.length > 0) throw new Error('something is done after a thread has gone on')
    switch (s.kind) {
      case 'assert':
        body.push(s)
        break
      case 'if': {
        const cond = substitute(s.cond, known)
        if (cond.kind === 'const') {
          const taken = through(t, cond.value === 0 ? s.else : s.then, known)
          body.push(...taken.body)
          ends = taken.ends
          break
        }
        const then = through(t, s.then, assuming(t, cond, true, known))
        const otherwise = through(t, s.else, assuming(t, cond, false, known))
        body.push(...branch(cond, then.body, otherwise.body))
        ends = merged(t, [...then.ends, ...otherwise.ends])
        break
      }
      case 'set': {
        const value = substitute(s.value, known)
        const { target } = s
        if (target.kind === 'select') {
          const index = target.index.map((d) => ({ ...d, expr: substitute(d.expr, known) }))
          body.push({ ...s, target: { ...target, index }, value })
          break
        }
        body.push({ ...s, value })
        if (target.slot !== t.pcSlot && !isOwn(t, target.slot)) break
        const after = new Map(known)
        if (value.kind === 'const') after.set(target.slot, value.value)
        else after.delete(target.slot)
        ends = [after]
      }
    }
  }
  return { body, ends }
}

/** What is known before each step of a thread, by program counter; nothing where no way leads. */
function settledAt(t: Thread, steps: readonly Step[]): ReadonlyMap<number, Known> {
  const { model, pcSlot } = t
  const first = model.slots[pcSlot]?.init ?? 0
  const start = new Map(model.slots.flatMap(({ init }, i) => (isOwn(t, i) ? [[i, init] as const] : [])))
  const at = new Map<number, Known>([[first, start]])
  const todo = [first]
  for (let pc = todo.pop(); pc !== undefined; pc = todo.pop()) {
    const known = at.get(pc) ?? new Map<number, number>()
    for (const s of steps.filter((x) => x.pc === pc))
      for (const end of through(t, s.body, afterChoices(s, known)).ends) {
        const next = end.get(pcSlot) ?? pc
        const before = at.get(next)
        const rest = new Map([...end].filter(([slot]) => slot !== pcSlot))
        const now = before === undefined ? rest : common(before, rest)
        if (before !== undefined && now.size === before.size) continue
        at.set(next, now)
        todo.push(next)
      }
  }
  return at
}

const afterChoices = ({ choices }: Step, known: Known): Known => {
  const chosen = new Set(choices.map((c) => c.slot))
  return new Map([...known].filter(([slot]) => !chosen.has(slot)))
}

/** The same states and steps, said with what is settled. Throws where a step computes where it goes. */
export function settle(model: LoweredModel): LoweredModel {
  const steps = model.threads.flatMap(({ pcSlot }, thread): readonly Step[] => {
    const t: Thread = { model, thread, pcSlot }
    const own = model.steps.filter((s) => s.thread === thread)
    const at = settledAt(t, own)
    return own.flatMap((s): readonly Step[] => {
      const before = at.get(s.pc)
      if (before === undefined) return []
      const known = afterChoices(s, before)
      return [{ ...s, guard: substitute(s.guard, known), body: through(t, s.body, known).body }]
    })
  })
  return { ...model, steps: steps.toSorted((a, b) => a.id - b.id) }
}
