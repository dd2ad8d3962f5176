import { describe, expect, test } from 'vitest'
import { evaluate, initialState, isDeadlock, isFinal, successors } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { assert, at, bin, eq, model, num, old, set, slot } from './build.ts'
import { counters, peterson, philosophers, tokenRing } from './hand_models.ts'

/** Peterson's algorithm once more, in plain TypeScript: the truth for the model of it. */
function petersonStates(): { states: number; transitions: number } {
  const seen = new Set<string>(['0,0,0,0,0'])
  let transitions = 0
  for (const key of seen) {
    for (const me of [0, 1]) {
      const [flag0 = 0, flag1 = 0, turn = 0, pc0 = 0, pc1 = 0] = key.split(',').map(Number)
      const flags = [flag0, flag1]
      const pcs = [pc0, pc1]
      const pc = pcs[me]
      if (pc === 2 && flags[1 - me] === 1 && turn !== me) continue
      if (pc === 0) flags[me] = 1
      if (pc === 3) flags[me] = 0
      pcs[me] = ((pc ?? 0) + 1) % 4
      transitions++
      seen.add([...flags, pc === 1 ? 1 - me : turn, ...pcs].join())
    }
  }
  return { states: seen.size, transitions }
}

/** States of n philosophers: rings over none, left, both forks, in which after `both` comes `none`. */
function philosopherStates(n: number): number {
  let paths: number[][] = [0, 1, 2].map((start) => [0, 1, 2].map((end) => (start === end ? 1 : 0)))
  for (let i = 0; i < n; i++) {
    paths = paths.map(([none = 0, left = 0, both = 0]) => [none + left + both, none + left, none + left])
  }
  return paths.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
}

describe('known models', () => {
  test.each([[[3]], [[3, 4]], [[2, 5, 3]], [[1, 1, 1, 1, 1]]])('counters to %j: the product', (limits) => {
    const result = searchReference(counters(limits))
    const states = limits.reduce((n, limit) => n * (limit + 1), 1)
    expect(result.states).toBe(states)
    expect(result.transitions).toBe(limits.reduce((n, limit) => n + (states / (limit + 1)) * limit, 0))
    expect(result.depth).toBe(limits.reduce((n, limit) => n + limit, 0))
    expect(result.outcomes).toEqual([{ registers: [], states: 1, satisfying: 0 }])
  })

  test('Peterson excludes, and every step and one cover is reached', () => {
    const result = searchReference(peterson())
    expect(result).toMatchObject({ ...petersonStates(), violations: [], reachedCovers: [true, false] })
    expect(result.reachedSteps).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test('a Peterson who does not give way lets both in, after six moves', () => {
    const { violations, reachedCovers } = searchReference(peterson(true))
    expect(violations.map(({ property, moves }) => [property, moves.length])).toEqual([[0, 6]])
    expect(reachedCovers).toEqual([true, true])
  })

  test.each([2, 3, 4, 5])('%i philosophers wait for each other', (n) => {
    const result = searchReference(philosophers(n))
    expect(result.states).toBe(philosopherStates(n))
    // Each takes the left fork, in order of thread: the first of the shortest traces.
    const moves = Array.from({ length: n }, (_, i) => ({ step: 3 * i, choices: [] }))
    expect(result.violations).toEqual([{ property: 0, moves }])
  })

  test('a token ring: every place of the token, every count', () => {
    const result = searchReference(tokenRing(3, 4))
    expect(result).toMatchObject({ states: 3 * 5 ** 3, transitions: 2 * 3 * 5 ** 3 })
    // Five times P0 counts: at the fifth it starts anew.
    expect(result.violations).toEqual([{ property: 1, moves: Array(5).fill({ step: 0, choices: [0] }) }])
    // All are daemons, so each state is final.
    expect(result.outcomes).toEqual([{ registers: [], states: 3 * 5 ** 3, satisfying: 0 }])
  })
})

describe('semantics', () => {
  const cells = [slot('a', 0, 9, { init: 5 }), slot('b', 0, 9, { init: 7 }), slot('i', -2, 9, { init: 1 })]
  const cell = { kind: 'select', base: 0, index: [{ expr: at(2), first: 1, count: 2, stride: 1 }] } as const
  const m = model(cells, [])

  test('a select out of range is 0', () => {
    const values = [-2, 0, 1, 2, 3].map((i) => evaluate(m, cell, [5, 7, i]))
    expect(values).toEqual([0, 0, 5, 7, 0])
  })

  test('each index of a select is held against its own range', () => {
    const index = [0, 1].map((v) => ({ expr: at(4 + v), first: 0, count: 2, stride: 2 - v }))
    const matrix = model(
      Array.from({ length: 6 }, (_, i) => slot(`s${i}`, 0, 20)),
      [],
    )
    const read = (i: number, j: number): number =>
      evaluate(matrix, { kind: 'select', base: 0, index }, [10, 11, 12, 13, i, j])
    expect([read(0, 0), read(0, 1), read(1, 0), read(1, 1), read(0, 2), read(2, 0)]).toEqual([10, 11, 12, 13, 0, 0])
  })

  test('the operators', () => {
    const apply = (op: Parameters<typeof bin>[0], a: number, b: number): number =>
      evaluate(m, bin(op, num(a), num(b)), [])
    expect([apply('and', 2, 1), apply('and', 2, 0), apply('or', 0, 3), apply('or', 0, 0)]).toEqual([1, 0, 1, 0])
    expect([apply('eq', 2, 2), apply('ne', 2, 2), apply('lt', 1, 1), apply('le', 1, 1)]).toEqual([1, 0, 0, 1])
    expect([apply('add', -3, 1), apply('sub', 1, 3)]).toEqual([-2, -2])
    expect([apply('band', 6, 3), apply('bor', 6, 3), apply('bandnot', 6, 3)]).toEqual([2, 7, 4])
  })

  test('a write out of range is ignored, a later statement sees an earlier write, old does not', () => {
    const body = [
      set(0, 1),
      assert(0, eq(old(at(0)), num(5))),
      assert(1, eq(at(0), num(5))),
      set(1, bin('add', at(0), num(1))),
      set(2, 3),
      set(cell, 9),
    ]
    const one = model(cells, [[{ body, to: 1 }]])
    expect(successors(one, initialState(one))).toEqual([
      { move: { step: 0, choices: [] }, state: [1, 2, 3, 1], failed: [1] },
    ])
  })

  test('choices are made before the guard is looked at, in lexicographic order', () => {
    const choices = [
      { slot: 0, lo: 0, hi: 1 },
      { slot: 1, lo: 3, hi: 4 },
    ]
    const guard = bin('lt', bin('add', at(0), at(1)), num(5))
    const one = model(cells, [[{ choices, guard, to: 1 }]])
    expect(successors(one, initialState(one)).map(({ move }) => move.choices)).toEqual([
      [0, 3],
      [0, 4],
      [1, 3],
    ])
  })

  test('daemons count neither for final states nor, once they cannot run, against a deadlock', () => {
    const m = model([slot('x', 0, 1)], [[{ to: 1 }], [{ guard: at(0), to: 1 }]], { daemons: [1] })
    expect(isFinal(m, [0, 1, 0])).toBe(true)
    expect(isFinal(m, [0, 0, 1])).toBe(false)
    const stuck = model([slot('x', 0, 1)], [[{ guard: at(0), to: 1 }], [{ to: 1 }]], { daemons: [1] })
    expect(isDeadlock(stuck, [0, 0, 0])).toBe(false)
    expect(isDeadlock(stuck, [0, 0, 1])).toBe(true)
    expect(isDeadlock(stuck, [1, 1, 1])).toBe(false)
  })

  test('leaving a range is an error that names step and slot', () => {
    const one = model([slot('x', 0, 1)], [[{ body: [set(0, 2)] }]])
    expect(() => searchReference(one)).toThrow("step 0 'P0.0' puts 2 into slot 0 'x', which holds 0..1")
    const chooses = model([slot('x', 0, 1)], [[{ choices: [{ slot: 0, lo: 1, hi: 2 }], guard: num(0) }]])
    expect(() => searchReference(chooses)).toThrow("puts 2 into slot 0 'x'")
    expect(() => initialState(model([slot('x', 0, 1, { init: 3 })], []))).toThrow("slot 0 'x' starts at 3")
  })

  test('a limit of states leaves the search incomplete, and only then', () => {
    expect(searchReference(counters([3, 3]), { maxStates: 16 }).incomplete).toBeUndefined()
    const cut = searchReference(counters([3, 3]), { maxStates: 7 })
    expect(cut.incomplete).toEqual({ kind: 'states', limit: 7 })
    expect(cut.states).toBeGreaterThan(7)
  })
})

describe('replay', () => {
  const m = peterson(true)

  test('accepts a violation, and finds it at the end', () => {
    const moves = searchReference(m).violations[0]?.moves ?? []
    const result = replay(m, moves)
    expect(result).toMatchObject({ kind: 'ran', violated: [0] })
    expect(result.states).toHaveLength(7)
    expect(replay(m, moves.slice(0, 5))).toMatchObject({ kind: 'ran', violated: [] })
  })

  test('finds a deadlock and a broken initial state', () => {
    const all = philosophers(3)
    const moves = [0, 3, 6].map((step) => ({ step, choices: [] }))
    expect(replay(all, moves)).toMatchObject({ kind: 'ran', violated: [0] })
    const broken = { ...m, invariants: [{ property: 0, expr: num(0) }] }
    expect(replay(broken, [])).toMatchObject({ kind: 'ran', violated: [0] })
  })

  test.each([
    [[{ step: 99, choices: [] }], 'the model has no step 99'],
    [[{ step: 1, choices: [] }], "step 1 'P0.1' cannot run: thread P0 is at 'P0.0'"],
    [[{ step: 0, choices: [1] }], "step 0 'P0.0' makes 0 choices, not 1"],
  ])('says why %j cannot run', (moves, reason) => {
    expect(replay(m, moves)).toMatchObject({ kind: 'stuck', move: 0, reason })
  })

  test('says that a guard does not hold, that a choice is out of range, that a thread is done', () => {
    const forks = philosophers(2)
    const moves = [0, 3, 4].map((step) => ({ step, choices: [] }))
    const stuck = replay(forks, moves)
    expect(stuck).toMatchObject({ kind: 'stuck', move: 2, reason: "step 4 'P1.1' cannot run: its guard does not hold" })
    expect(stuck.states).toHaveLength(3)
    expect(replay(tokenRing(2, 1), [{ step: 0, choices: [2] }])).toMatchObject({
      kind: 'stuck',
      reason: "step 0 'P0.0' chooses 'pass' from 0..1, not 2",
    })
    const once = counters([1])
    expect(
      replay(
        once,
        [0, 0].map((step) => ({ step, choices: [] })),
      ),
    ).toMatchObject({
      kind: 'stuck',
      move: 1,
      reason: "step 0 'P0.0' cannot run: thread P0 is done",
    })
  })
})
