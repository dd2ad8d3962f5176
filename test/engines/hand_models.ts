/** Models made by hand, with the figures that are known of them. */
import type { LoweredModel, LTarget } from '../../model/language/lowered.ts'
import type { StepSpec } from './build.ts'
import { and, assert, at, bin, eq, ite, model, not, num, old, set, slot } from './build.ts'

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Counters that run up to their limits without looking at each other: the states are the product of the lengths. */
export function counters(limits: readonly number[]): LoweredModel {
  const slots = limits.map((limit, i) => slot(`c${i}`, 0, limit))
  const programs = limits.map((limit, i): StepSpec[] => {
    const more = bin('lt', at(i), num(limit))
    const pc = limits.length + i
    return [{ body: [set(i, bin('add', at(i), num(1))), set(pc, ite(more, num(0), num(1)))] }]
  })
  return model(slots, programs)
}

/**
 * Peterson's mutual exclusion of two processes that try again for ever. Labels: 0 raise the own flag,
 * 1 give way, 2 wait, 3 in the critical section. With `broken`, a process does not give way.
 */
export function peterson(broken: boolean = false): LoweredModel {
  const turn = 2
  const programs = [0, 1].map((me): StepSpec[] => {
    const other = 1 - me
    const free = bin('or', eq(at(other), num(0)), eq(at(turn), num(me)))
    return [
      { body: [set(me, 1)], to: 1 },
      { body: broken ? [] : [set(turn, other)], to: 2 },
      { guard: free, to: 3 },
      { body: [set(me, 0)], to: 0 },
    ]
  })
  const both = and(eq(at(3), num(3)), eq(at(4), num(3)))
  return model([slot('flag0', 0, 1), slot('flag1', 0, 1), slot('turn', 0, 1)], programs, {
    properties: [
      { name: 'MutualExclusion', kind: 'invariant' },
      { name: 'Deadlock', kind: 'deadlock' },
    ],
    invariants: [{ property: 0, expr: not(both) }],
    covers: [
      { name: 'P0 gets in', expr: eq(at(3), num(3)) },
      { name: 'both get in', expr: both },
    ],
  })
}

/** Philosophers who all take the fork of their own number first: a ring of n waits for itself. */
export function philosophers(n: number): LoweredModel {
  const programs = range(n).map((i): StepSpec[] => {
    const left = i
    const right = (i + 1) % n
    return [
      { guard: eq(at(left), num(0)), body: [set(left, 1)], to: 1 },
      { guard: eq(at(right), num(0)), body: [set(right, 1)], to: 2 },
      { body: [set(left, 0), set(right, 0)], to: 0 },
    ]
  })
  return model(
    range(n).map((i) => slot(`fork${i}`, 0, 1)),
    programs,
    { properties: [{ name: 'Deadlock', kind: 'deadlock' }] },
  )
}

/**
 * A token in a ring of n daemons. Who has it chooses to count, up to `top` and round again, or to hand
 * it on: n * (top + 1)^n states, two transitions out of each. Property 0 says that a count grows by
 * one at most, and holds; property 1 that it never starts anew, and fails after `top` + 1 moves.
 */
export function tokenRing(n: number, top: number): LoweredModel {
  const token = n
  const pass = n + 1
  const cell: LTarget = { kind: 'select', base: 0, index: [{ expr: at(token), first: 0, count: n, stride: 1 }] }
  const wrapped = ite(bin('lt', cell, num(top)), bin('add', cell, num(1)), num(0))
  const count = [
    set(cell, wrapped),
    assert(0, bin('le', cell, bin('add', old(cell), num(1)))),
    assert(1, bin('lt', old(cell), cell)),
  ]
  const programs = range(n).map((i): StepSpec[] => [
    {
      choices: [{ slot: pass, lo: 0, hi: 1 }],
      guard: eq(at(token), num(i)),
      body: [{ kind: 'if', cond: at(pass), then: [set(token, (i + 1) % n)], else: count }, set(pass, 0)],
    },
  ])
  const slots = [...range(n).map((i) => slot(`c${i}`, 0, top)), slot('token', 0, n - 1), slot('pass', 0, 1)]
  return model(slots, programs, {
    daemons: range(n),
    properties: [
      { name: 'Steady', kind: 'assertion' },
      { name: 'Growing', kind: 'assertion' },
    ],
  })
}

/** What every engine says of the models of `leavesItsRange`. */
export const LEAVES_ITS_RANGE: RegExp = /puts -?\d+ into slot 0 'x', which holds|puts 2 into slot 1 'y', which holds/

/** Models that are mistaken: a write, a choice, a write by index and a constant out of the range of their slot. */
export function leavesItsRange(): LoweredModel[] {
  const cell: LTarget = { kind: 'select', base: 0, index: [{ expr: at(2), first: 0, count: 2, stride: 1 }] }
  return [
    model([slot('x', 0, 2)], [[{ body: [set(0, bin('add', at(0), num(1)))] }]]),
    model([slot('x', 0, 1), slot('y', 0, 1)], [[{ choices: [{ slot: 1, lo: 0, hi: 2 }] }]]),
    model([slot('x', 0, 1), slot('y', 0, 5), slot('i', 0, 3, { init: 1 })], [[{ body: [set(cell, 5), set(2, 0)] }]]),
    model([slot('x', 1, 1)], [[{ body: [set(0, 0)] }]]),
  ]
}
