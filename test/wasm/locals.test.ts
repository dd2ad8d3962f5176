/** Locals that share a place: random functions compute what an interpreter of their code computes, in far fewer places. */
import { describe, expect, test } from 'vitest'
import {
  add,
  block,
  branch,
  branchIf,
  choose,
  get,
  giveBack,
  i32,
  loop,
  newLabel,
  op,
  set,
  sub,
  tee,
  when,
  whileLoop,
  type Label,
  type Local,
  type Node,
} from '../../solver/wasm/encoder/code.ts'
import { func, type Func } from '../../solver/wasm/encoder/func.ts'
import { placesOf } from '../../solver/wasm/encoder/locals.ts'
import { encode } from '../../solver/wasm/encoder/module.ts'
import { newRandom } from '../../solver/random.ts'
import { compile, instantiate, newMemory } from '../../solver/wasm/platform.ts'

const STEPS_MAX = 2000

/** What ends a run of the interpreter: a branch on its way to a label, a result, or too many steps. */
type Left = { readonly to: Label } | { readonly result: number } | 'endless'

/** The result of a function of 32-bit numbers, each local in a place of its own; undefined where it goes on for long. */
function interpret({ body }: Func, argument: number): number | undefined {
  const locals = new Map<number, number>([[0, argument]])
  let steps = 0
  const value = (n: Node): number => {
    if (n.kind === 'i32') return n.value
    if (n.kind === 'get') return locals.get(n.local.index) ?? 0
    if (n.kind === 'tee') {
      const v = value(n.value)
      locals.set(n.local.index, v)
      return v
    }
    if (n.kind === 'op') {
      const [x = 0, y = 0] = n.args.map(value)
      if (n.op === 'i32.lt_u') return Number(x >>> 0 < y >>> 0)
      return (n.op === 'i32.add' ? x + y : n.op === 'i32.sub' ? x - y : x ^ y) | 0
    }
    if (n.kind !== 'if') throw new Error(n.kind)
    const [chosen] = value(n.cond) !== 0 ? n.then : n.else
    return chosen === undefined ? 0 : value(chosen)
  }
  const run = (nodes: readonly Node[]): Left | undefined => {
    for (const n of nodes) {
      if (++steps > STEPS_MAX) return 'endless'
      const left = one(n)
      if (left !== undefined) return left
    }
    return undefined
  }
  const one = (n: Node): Left | undefined => {
    if (n.kind === 'set') {
      locals.set(n.local.index, value(n.value))
      return undefined
    }
    if (n.kind === 'if') return run(value(n.cond) !== 0 ? n.then : n.else)
    if (n.kind === 'block' || n.kind === 'loop') {
      for (;;) {
        const left = run(n.body)
        if (!(typeof left === 'object' && 'to' in left && left.to === n.label)) return left
        if (n.kind === 'block') return undefined
      }
    }
    if (n.kind === 'branch') return n.cond === undefined || value(n.cond) !== 0 ? { to: n.label } : undefined
    if (n.kind !== 'return') throw new Error(n.kind)
    return { result: n.value === undefined ? 0 : value(n.value) }
  }
  const left = run(body)
  return typeof left === 'object' && 'result' in left ? left.result : undefined
}

/** A function with many locals, of which some are read before they are set, in loops and in other arms. */
function randomFunction(seed: number): Func {
  const random = newRandom(seed)
  const below = (n: number): number => random.below(n)
  return func('f', ['i32'], ['i32'], ([argument], local) => {
    const locals: Local[] = [argument, ...Array.from({ length: 12 }, () => local('i32'))]
    const any = (): Local => locals[below(locals.length)] ?? argument
    const expr = (depth: number): Node => {
      switch (depth === 0 ? below(2) : below(5)) {
        case 0:
          return get(any())
        case 1:
          return i32(below(7))
        case 2:
          return op(below(2) === 0 ? 'i32.add' : 'i32.xor', expr(depth - 1), expr(depth - 1))
        case 3:
          return tee(any(), expr(depth - 1))
        default:
          return choose('i32', expr(depth - 1), expr(depth - 1), expr(depth - 1))
      }
    }
    const nodes = (depth: number, labels: readonly Label[]): readonly Node[] =>
      Array.from({ length: 1 + below(5) }, () => node(depth, labels))
    const node = (depth: number, labels: readonly Label[]): Node => {
      switch (depth === 0 ? 0 : below(6)) {
        case 1:
          return when(expr(1), nodes(depth - 1, labels), below(2) === 0 ? nodes(depth - 1, labels) : [])
        case 2: {
          const out = newLabel('out')
          return block(out, nodes(depth - 1, [...labels, out]))
        }
        case 3: {
          // As often as a local of its own says, so that most of them end.
          const times = local('i32')
          const again = newLabel('again')
          const body = loop(again, [...nodes(depth - 1, labels), branchIf(again, tee(times, sub(get(times), i32(1))))])
          return when(i32(1), [set(times, i32(1 + below(3))), body])
        }
        case 4: {
          const left = labels[below(labels.length)]
          return left === undefined ? set(any(), expr(2)) : below(5) > 0 ? branchIf(left, expr(1)) : branch(left)
        }
        default:
          return set(any(), expr(2))
      }
    }
    const body = nodes(4, [])
    return [...body, giveBack(locals.map((l) => get(l)).reduce((a, b) => op('i32.xor', add(a, a), b)))]
  })
}

function compiled(f: Func): (argument: number) => number {
  const memory = newMemory(1, 1, false)
  const bytes = encode({ imports: [], functions: [f], globals: [], memory: { first: 1, most: 1 } })
  const run = Object.entries(instantiate(compile(bytes), { memory })).find(([name]) => name === 'f')?.[1]
  if (typeof run !== 'function') throw new Error('no such function')
  return (argument) => Number(run(argument))
}

describe('locals that are never alive at once', () => {
  test('share places, and every function computes what it did', () => {
    let compared = 0
    let shared = 0
    for (let seed = 1; seed <= 400; seed++) {
      const f = randomFunction(seed)
      if (placesOf(f).types.length < f.locals.length) shared++
      const run = compiled(f)
      for (const argument of [0, 1, 5]) {
        const expected = interpret(f, argument)
        if (expected === undefined) continue
        expect(run(argument), `seed ${seed}, argument ${argument}`).toBe(expected)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(900)
    expect(shared).toBeGreaterThan(100)
  })

  test('need no more places than are alive', () => {
    const f = func('f', [], ['i32'], (_, local) => {
      const each = Array.from({ length: 100 }, () => local('i32'))
      return [giveBack(each.map((l, i) => add(tee(l, i32(i)), get(l))).reduce((a, b) => add(a, b)))]
    })
    expect(placesOf(f).types).toEqual(['i32'])
    expect(compiled(f)(0)).toBe(9900)
  })

  test('a local that is read before it is set keeps a place of its own: it begins as 0', () => {
    const f = func('f', [], ['i32'], (_, local) => {
      const [a, b, c] = [local('i32'), local('i32'), local('i32')]
      const count = local('i32')
      return [
        whileLoop(op('i32.lt_u', get(count), i32(3)), [
          set(a, i32(7)),
          // Read in the second turn, and what the first one left there.
          when(get(count), [set(c, add(get(c), get(b)))]),
          set(b, add(get(a), get(count))),
          set(count, add(get(count), i32(1))),
        ]),
        giveBack(get(c)),
      ]
    })
    expect(compiled(f)(0)).toBe(15)
  })

  test('what a loop reads again is not overwritten in its turns', () => {
    const f = func('f', [], ['i32'], (_, local) => {
      const [kept, count, sum, passing] = [local('i32'), local('i32'), local('i32'), local('i32')]
      return [
        set(kept, i32(5)),
        whileLoop(op('i32.lt_u', get(count), i32(3)), [
          set(sum, add(get(sum), get(kept))),
          set(passing, add(get(count), i32(100))),
          set(count, sub(get(passing), i32(99))),
        ]),
        giveBack(get(sum)),
      ]
    })
    expect(compiled(f)(0)).toBe(15)
  })
})
