/** A model beside its mirror image: each thread has a double, which works on doubles of all variables. */
import type { LExpr, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import { and } from '../engines/build.ts'

/** Everything, so many slots further on. */
const access = (a: LTarget, by: number): LTarget =>
  a.kind === 'slot'
    ? { ...a, slot: a.slot + by }
    : { ...a, base: a.base + by, index: a.index.map((d) => ({ ...d, expr: shifted(d.expr, by) })) }

function shifted(e: LExpr, by: number): LExpr {
  switch (e.kind) {
    case 'const':
      return e
    case 'slot':
    case 'select':
      return access(e, by)
    case 'not':
    case 'old':
      return { ...e, arg: shifted(e.arg, by) }
    case 'ite':
      return { ...e, cond: shifted(e.cond, by), then: shifted(e.then, by), else: shifted(e.else, by) }
    case 'binary':
      return { ...e, left: shifted(e.left, by), right: shifted(e.right, by) }
  }
}

function statement(s: LStmt, by: number): LStmt {
  switch (s.kind) {
    case 'set':
      return { ...s, target: access(s.target, by), value: shifted(s.value, by) }
    case 'if':
      return {
        ...s,
        cond: shifted(s.cond, by),
        then: s.then.map((t) => statement(t, by)),
        else: s.else.map((t) => statement(t, by)),
      }
    case 'assert':
      return { ...s, cond: shifted(s.cond, by) }
  }
}

/** What is said of the model is said of both sides; a cover of one of them. */
export function mirrored(m: LoweredModel): LoweredModel {
  const by = m.slots.length
  const steps = m.steps.map((s): Step => ({
    ...s,
    id: s.id + m.steps.length,
    thread: s.thread + m.threads.length,
    choices: s.choices.map((c) => ({ ...c, slot: c.slot + by })),
    guard: shifted(s.guard, by),
    body: s.body.map((x) => statement(x, by)),
  }))
  const { final } = m
  return {
    ...m,
    slots: [
      ...m.slots,
      ...m.slots.map((s) => (s.thread === undefined ? s : { ...s, thread: s.thread + m.threads.length })),
    ],
    threads: [...m.threads, ...m.threads.map((t) => ({ ...t, name: `${t.name}'`, pcSlot: t.pcSlot + by }))],
    steps: [...m.steps, ...steps],
    invariants: m.invariants.map((i) => ({ ...i, expr: and(i.expr, shifted(i.expr, by)) })),
    ...(final === undefined ? {} : { final: and(final, shifted(final, by)) }),
  }
}
