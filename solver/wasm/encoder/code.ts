/**
 * WebAssembly code as trees: an instruction with its operands, written in the order in which one reads
 * them. Locals, globals, labels and functions are objects or names; encoding gives them their numbers.
 */
import type { AtomicOp, LoadOp, PlainOp, StoreOp, ValueType } from './opcodes.ts'

export interface Local {
  readonly type: ValueType
  readonly index: number
}

export interface Global {
  readonly name: string
  readonly type: 'i32' | 'i64'
}

/** The target of branches: the end of its block, or the start of its loop. Told apart by identity. */
export interface Label {
  readonly of: string
}

export type Node =
  | { readonly kind: 'op'; readonly op: PlainOp; readonly args: readonly Node[] }
  | { readonly kind: 'i32'; readonly value: number }
  | { readonly kind: 'i64'; readonly value: bigint }
  | { readonly kind: 'get'; readonly local: Local }
  | { readonly kind: 'set' | 'tee'; readonly local: Local; readonly value: Node }
  | { readonly kind: 'getGlobal'; readonly global: Global }
  | { readonly kind: 'setGlobal'; readonly global: Global; readonly value: Node }
  | { readonly kind: 'load'; readonly op: LoadOp; readonly offset: number; readonly address: Node }
  | {
      readonly kind: 'store'
      readonly op: StoreOp
      readonly offset: number
      readonly address: Node
      readonly value: Node
    }
  | { readonly kind: 'atomic'; readonly op: AtomicOp; readonly args: readonly Node[] }
  | { readonly kind: 'block' | 'loop'; readonly label: Label; readonly body: readonly Node[] }
  | {
      readonly kind: 'if'
      readonly cond: Node
      readonly result?: ValueType
      readonly then: readonly Node[]
      readonly else: readonly Node[]
    }
  | { readonly kind: 'branch'; readonly label: Label; readonly cond?: Node }
  | {
      readonly kind: 'table'
      readonly labels: readonly Label[]
      readonly otherwise: Label
      readonly index: Node
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'return'; readonly value?: Node }

export const op = (name: PlainOp, ...args: readonly Node[]): Node => ({ kind: 'op', op: name, args })

/** A 32-bit constant. Throws on what is no integer of 32 bits, signed or not. */
export function i32(value: number): Node {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)
    throw new Error(`no 32-bit integer: ${String(value)}`)
  return { kind: 'i32', value: value | 0 }
}
export const i64 = (value: bigint): Node => ({ kind: 'i64', value: BigInt.asIntN(64, value) })

export const get = (local: Local): Node => ({ kind: 'get', local })
export const set = (local: Local, value: Node): Node => ({ kind: 'set', local, value })
export const tee = (local: Local, value: Node): Node => ({ kind: 'tee', local, value })
export const getGlobal = (global: Global): Node => ({ kind: 'getGlobal', global })
export const setGlobal = (global: Global, value: Node): Node => ({ kind: 'setGlobal', global, value })

export const load = (name: LoadOp, address: Node, offset: number = 0): Node => ({
  kind: 'load',
  op: name,
  offset,
  address,
})
export const store = (name: StoreOp, address: Node, value: Node, offset: number = 0): Node => ({
  kind: 'store',
  op: name,
  offset,
  address,
  value,
})

export const atomic = (name: AtomicOp, ...args: readonly Node[]): Node => ({ kind: 'atomic', op: name, args })

export const add = (a: Node, b: Node): Node => op('i32.add', a, b)
export const sub = (a: Node, b: Node): Node => op('i32.sub', a, b)
export const shl = (a: Node, bits: number): Node => (bits === 0 ? a : op('i32.shl', a, i32(bits)))
export const extend = (a: Node): Node => op('i64.extend_i32_u', a)
export const wrap = (a: Node): Node => op('i32.wrap_i64', a)
export const increment = (local: Local, by: number): Node => set(local, add(get(local), i32(by)))

export const newLabel = (of: string): Label => ({ of })
export const block = (label: Label, body: readonly Node[]): Node => ({ kind: 'block', label, body })
export const loop = (label: Label, body: readonly Node[]): Node => ({ kind: 'loop', label, body })
export const branch = (label: Label): Node => ({ kind: 'branch', label })
export const branchIf = (label: Label, cond: Node): Node => ({ kind: 'branch', label, cond })
export const when = (cond: Node, then: readonly Node[], otherwise: readonly Node[] = []): Node => ({
  kind: 'if',
  cond,
  then,
  else: otherwise,
})
/** `cond ? then : otherwise`, of which only the one is computed. */
export const choose = (result: ValueType, cond: Node, then: Node, otherwise: Node): Node => ({
  kind: 'if',
  cond,
  result,
  then: [then],
  else: [otherwise],
})
export const call = (name: string, ...args: readonly Node[]): Node => ({ kind: 'call', name, args })
export const giveBack = (value?: Node): Node => (value === undefined ? { kind: 'return' } : { kind: 'return', value })

/** `while (cond) body`. */
export function whileLoop(cond: Node, body: readonly Node[]): Node {
  const again = newLabel('while')
  return loop(again, [when(cond, [...body, branch(again)])])
}

/** A loop that the body leaves by branching to the label that it is given. */
export function forEver(body: (done: Label) => readonly Node[]): Node {
  const done = newLabel('done')
  const again = newLabel('again')
  return block(done, [loop(again, [...body(done), branch(again)])])
}

/** Runs `cases[index]`; nothing where there is no such case. */
export function switchOn(index: Node, cases: readonly (readonly Node[])[]): Node {
  const done = newLabel('switch')
  const labels = cases.map((_, i) => newLabel(`case ${i}`))
  const dispatch: Node = { kind: 'table', labels, otherwise: done, index }
  const nested = cases.reduce<readonly Node[]>(
    (inside, body, i) => {
      const label = labels[i] ?? done
      return [block(label, inside), ...body, branch(done)]
    },
    [dispatch],
  )
  return block(done, nested)
}
