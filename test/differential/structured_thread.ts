/**
 * One thread as a stack of calls, each with its blocks and its variables, run statement by statement.
 * Nothing is inlined, shared or reset.
 */
import type { Expr, Local } from '../../model/language/expr.ts'
import type { Program } from '../../model/language/routine.ts'
import type { Stmt, StepStmt } from '../../model/language/stmt.ts'
import { range, type Type } from '../../model/language/types.ts'
import { evaluate, type Env, type Shared } from './structured_expr.ts'

type Call = Extract<Stmt, { readonly kind: 'call' }>

/** A list of statements and the one to come next; `loop` where leaving it is a `break`. */
interface Block {
  readonly stmts: readonly Stmt[]
  at: number
  readonly loop?: Extract<Stmt, { readonly kind: 'while' | 'for' }>
}
/** One active call. What a parameter stands for is to be looked up in the call below. */
interface Activation {
  readonly routine: string
  readonly call?: Call
  readonly params: ReadonlyMap<string, Expr>
  readonly locals: Map<string, number>
  readonly blocks: Block[]
}
/** Mutable while it is run; copied before. */
export interface Thread {
  readonly number: number
  readonly calls: Activation[]
}

export const copyThread = (t: Thread): Thread => ({
  number: t.number,
  calls: t.calls.map((a) => ({ ...a, locals: new Map(a.locals), blocks: a.blocks.map((b) => ({ ...b })) })),
})

const firstValue = (type: Type, program: Program): number => {
  const { lo, hi } = range(type, program.sizes)
  return lo > 0 || hi < 0 ? lo : 0
}
const fresh = (locals: readonly Local[], program: Program): Map<string, number> =>
  new Map(locals.map((l) => [l.name, firstValue(l.type, program)]))

export function startThread(program: Program, number: number): Thread {
  const t = program.threads[number]
  if (t === undefined) throw new Error(`no thread ${number}`)
  const blocks: Block[] = [{ stmts: t.body, at: 0 }]
  return { number, calls: [{ routine: t.name, params: new Map(), locals: fresh(t.locals, program), blocks }] }
}

export function readLocal(t: Thread, env: Env, name: string, level: number = t.calls.length - 1): number {
  const a = t.calls[level]
  const stands = a?.params.get(name)
  // A parameter is its argument, in the variables of the caller. The call made what is wrong with it.
  if (stands !== undefined)
    return evaluate({ ...env, local: (n) => readLocal(t, env, n, level - 1), onFault: () => undefined }, stands)
  const value = a?.locals.get(name)
  if (value === undefined) throw new Error(`no local ${name}`)
  return value
}

export function writeLocal(t: Thread, name: string, value: number, level: number = t.calls.length - 1): void {
  const a = t.calls[level]
  const stands = a?.params.get(name)
  if (stands !== undefined) {
    if (stands.kind !== 'local') throw new Error(`${name} is not passed by reference`)
    writeLocal(t, stands.name, value, level - 1)
    return
  }
  if (a?.locals.has(name) !== true) throw new Error(`no local ${name}`)
  a.locals.set(name, value)
}

export const envOf = (program: Program, t: Thread, shared: Shared, onFault: Env['onFault']): Env => {
  const env: Env = { program, shared, bound: new Map(), self: t.number, local: (n) => readLocal(t, env, n), onFault }
  return env
}

const top = <T>(list: readonly T[]): T => {
  const last = list.at(-1)
  if (last === undefined) throw new Error('nothing left')
  return last
}

/** More local statements than any program of this size runs between two steps. */
const QUIET_MAX = 20_000

/** Runs all that looks at locals only, up to the next step, which is returned; undefined at the end. */
export function advance(program: Program, t: Thread, shared: Shared): StepStmt | undefined {
  // What is read between two steps is read by no step, and so no step can break a property by it.
  const env = envOf(program, t, shared, () => undefined)
  const value = (e: Expr): number => evaluate(env, e)
  for (let quiet = 0; t.calls.length > 0; quiet++) {
    if (quiet > QUIET_MAX) throw new Error('a loop goes round without a step')
    const activation = top(t.calls)
    const block = top(activation.blocks)
    const stmt = block.stmts[block.at]
    if (stmt === undefined) {
      if (block.loop !== undefined) again(t, activation, value)
      else if (activation.blocks.length > 1) activation.blocks.pop()
      else leaveCall(t, undefined)
      continue
    }
    if (stmt.kind === 'step') {
      if (!program.without.has(`${activation.routine}.${stmt.label}`)) return stmt
      block.at++
      continue
    }
    quietStmt(program, t, activation, block, stmt, value)
  }
  return undefined
}

/** The end of a loop's body, or a `continue`. */
function again(t: Thread, activation: Activation, value: (e: Expr) => number): void {
  const block = top(activation.blocks)
  if (block.loop?.kind === 'for') {
    const now = value(block.loop.local)
    if (now !== value(block.loop.last)) {
      writeLocal(t, block.loop.local.name, now + 1)
      block.at = 0
      return
    }
    activation.blocks.pop()
    top(activation.blocks).at++
    return
  }
  activation.blocks.pop()
}

function leaveCall(t: Thread, result: number | undefined): void {
  const { call } = top(t.calls)
  t.calls.pop()
  if (call === undefined) return
  top(top(t.calls).blocks).at++
  if (call.into === undefined) return
  if (result === undefined) throw new Error(`${call.routine.name} returns nothing`)
  writeLocal(t, call.into.name, result)
}

const toLoop = (activation: Activation): void => {
  while (top(activation.blocks).loop === undefined) activation.blocks.pop()
}

function quietStmt(
  program: Program,
  t: Thread,
  activation: Activation,
  block: Block,
  stmt: Exclude<Stmt, StepStmt>,
  value: (e: Expr) => number,
): void {
  switch (stmt.kind) {
    case 'if': {
      block.at++
      const never = stmt.check !== undefined && program.without.has(`${activation.routine}.${stmt.check}`)
      const stmts = !never && value(stmt.cond) !== 0 ? stmt.then : stmt.else
      activation.blocks.push({ stmts, at: 0 })
      return
    }
    case 'while':
      if (value(stmt.cond) === 0) block.at++
      else activation.blocks.push({ stmts: stmt.body, at: 0, loop: stmt })
      return
    case 'for':
      writeLocal(t, stmt.local.name, value(stmt.first))
      activation.blocks.push({ stmts: stmt.body, at: 0, loop: stmt })
      return
    case 'let':
      block.at++
      writeLocal(t, stmt.local.name, value(stmt.value))
      return
    case 'call': {
      const { routine, args } = stmt
      const params = new Map<string, Expr>()
      routine.params.forEach((p, i) => {
        const arg = args[i]
        if (arg !== undefined) params.set(p.name, arg)
      })
      const blocks: Block[] = [{ stmts: routine.body, at: 0 }]
      t.calls.push({ routine: routine.name, call: stmt, params, locals: fresh(routine.locals, program), blocks })
      return
    }
    case 'return':
      leaveCall(t, stmt.value === undefined ? undefined : value(stmt.value))
      return
    case 'break':
      toLoop(activation)
      activation.blocks.pop()
      top(activation.blocks).at++
      return
    case 'continue':
      toLoop(activation)
      again(t, activation, value)
      return
  }
}

/** Where the thread stands, as the lowering labels it: the calls on the way, then the step. */
export function labelOf(t: Thread, step: StepStmt | undefined): string {
  if (step === undefined) return 'done'
  return [...t.calls.flatMap((a) => (a.call === undefined ? [] : [a.call.label])), step.label].join('.')
}

const numbers = new WeakMap<readonly Stmt[], number>()
let blocksSeen = 0
function numberOf(stmts: readonly Stmt[]): number {
  const known = numbers.get(stmts)
  if (known !== undefined) return known
  numbers.set(stmts, blocksSeen)
  return blocksSeen++
}

/** All of a thread's state as text. What parameters stand for follows from where the calls are. */
export const keyOf = (t: Thread): string =>
  t.calls
    .map((a) => `${a.blocks.map((b) => `${numberOf(b.stmts)}:${b.at}`).join()}(${[...a.locals.values()].join()})`)
    .join('/')
