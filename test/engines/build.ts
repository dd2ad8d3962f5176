/** Short words for making lowered models by hand. */
import type {
  BinaryOp,
  LChoice,
  LExpr,
  LoweredModel,
  LStmt,
  LTarget,
  LThread,
  Slot,
  SlotKind,
  Step,
} from '../../model/language/lowered.ts'
import { CONST_TRUE } from '../../model/language/lowered.ts'
import { int } from '../../model/language/types.ts'

export const num = (value: number): LExpr => ({ kind: 'const', value })
export const at = (slot: number): { readonly kind: 'slot'; readonly slot: number } => ({ kind: 'slot', slot })
export const bin = (op: BinaryOp, left: LExpr, right: LExpr): LExpr => ({ kind: 'binary', op, left, right })
export const eq = (left: LExpr, right: LExpr): LExpr => bin('eq', left, right)
export const and = (...all: readonly LExpr[]): LExpr => all.reduce((l, r) => bin('and', l, r), CONST_TRUE)
export const ite = (cond: LExpr, then: LExpr, otherwise: LExpr): LExpr => ({ kind: 'ite', cond, then, else: otherwise })
export const not = (arg: LExpr): LExpr => ({ kind: 'not', arg })
export const old = (arg: LExpr): LExpr => ({ kind: 'old', arg })
export const set = (target: LTarget | number, value: LExpr | number): LStmt => ({
  kind: 'set',
  target: typeof target === 'number' ? at(target) : target,
  value: typeof value === 'number' ? num(value) : value,
})
export const assert = (property: number, cond: LExpr): LStmt => ({ kind: 'assert', property, cond })

export function slot(name: string, lo: number, hi: number, more: { kind?: SlotKind; init?: number } = {}): Slot {
  return { name, type: int(lo, hi), kind: more.kind ?? 'shared', lo, hi, init: more.init ?? lo }
}

export interface StepSpec {
  readonly guard?: LExpr
  readonly choices?: readonly LChoice[]
  readonly body?: readonly LStmt[]
  /** Where the thread goes; without it, the body says so, or the thread stays. */
  readonly to?: number
}

/** A model whose thread `t` has the step `programs[t][pc]` at `pc`; a program counter per thread follows `slots`. */
export function model(
  slots: readonly Slot[],
  programs: readonly (readonly StepSpec[])[],
  more: Partial<Omit<LoweredModel, 'slots' | 'threads' | 'steps'>> & { readonly daemons?: readonly number[] } = {},
): LoweredModel {
  const { daemons = [], ...rest } = more
  const threads = programs.map((steps, t): LThread => ({
    name: `P${t}`,
    pcSlot: slots.length + t,
    donePc: steps.length,
    daemon: daemons.includes(t),
  }))
  const pcs = programs.map((steps, t): Slot => ({ ...slot(`pc${t}`, 0, steps.length, { kind: 'pc' }), thread: t }))
  let id = 0
  const steps = programs.flatMap((program, thread) =>
    program.map((spec, pc): Step => ({
      id: id++,
      thread,
      pc,
      label: `P${thread}.${pc}`,
      routine: `P${thread}`,
      local: `${pc}`,
      text: '',
      frames: [],
      choices: spec.choices ?? [],
      guard: spec.guard ?? CONST_TRUE,
      body: [...(spec.body ?? []), ...(spec.to === undefined ? [] : [set(slots.length + thread, spec.to)])],
    })),
  )
  return { slots: [...slots, ...pcs], threads, steps, properties: [], invariants: [], covers: [], ...rest }
}
