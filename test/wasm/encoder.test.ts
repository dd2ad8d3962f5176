/** The encoder, against the engine that runs its modules. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { specialise } from '../../solver/specialise.ts'
import { finished, newBytes, putSigned, putSized, putUnsigned } from '../../solver/wasm/encoder/bytes.ts'
import type { Node } from '../../solver/wasm/encoder/code.ts'
import * as code from '../../solver/wasm/encoder/code.ts'
import type { Func } from '../../solver/wasm/encoder/func.ts'
import { func } from '../../solver/wasm/encoder/func.ts'
import type { Module } from '../../solver/wasm/encoder/module.ts'
import { encode } from '../../solver/wasm/encoder/module.ts'
import type { PlainOp } from '../../solver/wasm/encoder/opcodes.ts'
import { moduleFor } from '../../solver/wasm/machine.ts'
import { compile, instantiate, isValid, newMemory } from '../../solver/wasm/platform.ts'
import { planFor } from '../../solver/wasm/plan.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'

const memory = { first: 1, most: 2 }
const plain = (...functions: readonly Func[]): Module => ({ imports: [], functions, globals: [], memory })

/** Calls the exported function `f` of a module. */
function call(module: Module, ...args: readonly number[]): number {
  const { f } = instantiate(compile(encode(module)), { memory: newMemory(memory.first, memory.most) })
  if (typeof f !== 'function') throw new Error('the module exports no function f')
  return f(...args) ?? 0
}

describe('integers', () => {
  test.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('unsigned %d', (value, bytes) => {
    const into = newBytes()
    putUnsigned(into, value)
    expect([...finished(into)]).toEqual(bytes)
  })

  test.each([
    [0, [0]],
    [-1, [0x7f]],
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-64, [0x40]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [-(2n ** 63n), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]],
  ])('signed %d', (value, bytes) => {
    const into = newBytes()
    putSigned(into, value)
    expect([...finished(into)]).toEqual(bytes)
  })

  test('numbers and bigints give the same bytes', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const [a, b] = [newBytes(), newBytes()]
        putSigned(a, value)
        putSigned(b, BigInt(value))
        expect(finished(a)).toEqual(finished(b))
      }),
    )
  })

  test('what does not fit is an error', () => {
    for (const bad of [-1, 2 ** 32, 0.5, NaN]) expect(() => putUnsigned(newBytes(), bad)).toThrow('32-bit')
    for (const bad of [2 ** 31, 0.5]) expect(() => putSigned(newBytes(), bad)).toThrow('32-bit')
    expect(() => putSigned(newBytes(), 2n ** 63n)).toThrow('64-bit')
    expect(() => code.i32(2 ** 32)).toThrow('32-bit')
  })

  test('bytes grow', () => {
    const [inner, outer] = [newBytes(), newBytes()]
    for (let i = 0; i < 5000; i++) putUnsigned(inner, i & 127)
    putSized(outer, inner)
    expect(finished(outer)).toHaveLength(5002)
    expect([...finished(outer).subarray(0, 4)]).toEqual([0x88, 0x27, 0, 1])
  })
})

describe('code', () => {
  const truth: readonly (readonly [PlainOp, (a: number, b: number) => number])[] = [
    ['i32.add', (a, b) => (a + b) | 0],
    ['i32.sub', (a, b) => (a - b) | 0],
    ['i32.mul', (a, b) => Math.imul(a, b)],
    ['i32.and', (a, b) => a & b],
    ['i32.or', (a, b) => a | b],
    ['i32.xor', (a, b) => a ^ b],
    ['i32.shl', (a, b) => a << b],
    ['i32.shr_u', (a, b) => (a >>> b) | 0],
    ['i32.eq', (a, b) => Number(a === b)],
    ['i32.ne', (a, b) => Number(a !== b)],
    ['i32.lt_s', (a, b) => Number(a < b)],
    ['i32.gt_s', (a, b) => Number(a > b)],
    ['i32.le_s', (a, b) => Number(a <= b)],
    ['i32.ge_s', (a, b) => Number(a >= b)],
    ['i32.lt_u', (a, b) => Number(a >>> 0 < b >>> 0)],
    ['i32.gt_u', (a, b) => Number(a >>> 0 > b >>> 0)],
    ['i32.le_u', (a, b) => Number(a >>> 0 <= b >>> 0)],
    ['i32.ge_u', (a, b) => Number(a >>> 0 >= b >>> 0)],
  ]
  test.each(truth)('%s', (name, expected) => {
    const f = func('f', ['i32', 'i32'], ['i32'], ([a, b]) => [code.op(name, code.get(a), code.get(b))])
    const edges = [0, 1, -1, 31, 2 ** 31 - 1, -(2 ** 31)]
    for (const a of edges) for (const b of edges) expect(call(plain(f), a, b)).toBe(expected(a, b))
  })

  test('loops, branches, locals and calls', () => {
    const square = func('square', ['i32'], ['i32'], ([x]) => [code.op('i32.mul', code.get(x), code.get(x))])
    const f = func('f', ['i32'], ['i32'], ([n], local) => {
      const sum = local('i32')
      return [
        code.whileLoop(code.get(n), [
          code.set(sum, code.add(code.get(sum), code.call('square', code.get(n)))),
          code.increment(n, -1),
        ]),
        code.get(sum),
      ]
    })
    expect(call(plain(square, f), 10)).toBe(385)
  })

  test('a switch runs the case of its index and no other', () => {
    const f = func('f', ['i32'], ['i32'], ([x], local) => {
      const y = local('i32')
      const cases = [10, 20, 30].map((v): readonly Node[] => [code.set(y, code.add(code.get(y), code.i32(v)))])
      return [code.switchOn(code.get(x), cases), code.get(y)]
    })
    expect([-1, 0, 1, 2, 3].map((x) => call(plain(f), x))).toEqual([0, 10, 20, 30, 0])
  })

  test('memory, of 32 and of 64 bits', () => {
    const f = func('f', ['i32'], ['i32'], ([x]) => [
      code.store('i64.store', code.i32(64), code.op('i64.shl', code.extend(code.get(x)), code.i64(32n)), 8),
      code.load('i32.load', code.i32(76)),
    ])
    expect(call(plain(f), -5)).toBe(-5)
  })

  test('what is not there is an error', () => {
    const unknown = func('f', [], [], () => [code.call('nowhere')])
    expect(() => encode(plain(unknown))).toThrow("f() names the function 'nowhere'")
    const outside = func('f', [], [], () => [code.branch(code.newLabel('elsewhere'))])
    expect(() => encode(plain(outside))).toThrow("the label 'elsewhere'")
    const global = func('f', [], ['i32'], () => [code.getGlobal({ name: 'g', type: 'i32' })])
    expect(() => encode(plain(global))).toThrow("the global 'g'")
  })

  test('the engine rejects a module whose types do not fit', () => {
    const bad = func('f', ['i32'], ['i32'], ([x]) => [code.extend(code.get(x))])
    expect(isValid(encode(plain(bad)))).toBe(false)
  })
})

test('the modules of random models are valid', () => {
  fc.assert(
    fc.property(arbitraryModel, (m) => {
      expect(isValid(moduleFor(planFor(specialise(m))))).toBe(true)
    }),
    { numRuns: 50 },
  )
})
