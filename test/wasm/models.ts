/** Models that the WebAssembly engine finds hard. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { StepSpec } from '../engines/build.ts'
import { and, at, bin, model, num, set, slot } from '../engines/build.ts'

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** All slots are shared, so that every state has a component value, and every pair of values, of its own. */
export function mesh(n: number, top: number): LoweredModel {
  const sum = range(n).reduce((e, i) => bin('add', e, at(i)), num(0))
  const programs = range(n).map((i): StepSpec[] => [
    {
      guard: and(bin('lt', at(i), num(top)), bin('le', num(0), sum)),
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
