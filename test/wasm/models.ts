/** Models that the WebAssembly engine finds hard. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { StepSpec } from '../engines/build.ts'
import { and, at, bin, model, num, set, slot } from '../engines/build.ts'

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Threads that count together, and each for itself besides: states as many as those of a mesh, in several components. */
export function woven(n: number, top: number): LoweredModel {
  const sum = range(n).reduce((e, i) => bin('add', e, at(i)), num(0))
  const programs = range(n).map((i): StepSpec[] => [
    {
      guard: and(bin('lt', at(i), num(top)), bin('lt', sum, num(n * top))),
      body: [set(n + i, bin('add', at(n + i), num(1))), set(i, bin('add', at(i), num(1)))],
      to: 0,
    },
  ])
  const slots = [...range(n).map((i) => slot(`c${i}`, 0, top)), ...range(n).map((i) => slot(`own${i}`, 0, top))]
  return model(slots, programs)
}

/**
 * A tree of 2^(height + 1) - 1 states, the height even, each but the first the successor of one alone: two threads go left
 * or right in turn, each in a tree of its own of half the height.
 */
export function tree(height: number): LoweredModel {
  const top = 2 ** (height / 2) - 1
  const turn = 4
  const programs = [0, 1].map((t): StepSpec[] => [
    {
      guard: and(bin('eq', at(turn), num(t)), bin('lt', at(t), num(top))),
      choices: [{ slot: 2 + t, lo: 0, hi: 1 }],
      body: [set(t, bin('add', bin('add', at(t), at(t)), bin('add', at(2 + t), num(1)))), set(turn, 1 - t)],
      to: 0,
    },
  ])
  const slots = [slot('x0', 0, 2 * top), slot('x1', 0, 2 * top), slot('side0', 0, 1), slot('side1', 0, 1)]
  return model([...slots, slot('turn', 0, 1)], programs)
}

/** All slots are shared, so that every state has a component value, and every pair of values, of its own. */
export function mesh(n: number, top: number): LoweredModel {
  const sum = range(n).reduce((e, i) => bin('add', e, at(i)), num(0))
  const programs = range(n).map((i): StepSpec[] => [
    {
      // The second says nothing new, but not so plainly that the engine would leave it out.
      guard: and(bin('lt', at(i), num(top)), bin('lt', sum, num(n * top))),
      body: [set(i, bin('add', at(i), num(1)))],
      to: 0,
    },
  ])
  return model(
    range(n).map((i) => slot(`c${i}`, 0, top)),
    programs,
    {
      properties: [
        { name: 'I', kind: 'invariant' },
        { name: 'D', kind: 'deadlock' },
      ],
      invariants: [{ property: 0, expr: bin('lt', sum, num(n * top)) }],
    },
  )
}
