/** Every place of a state, as a term of the encoding at one size, and how a solver's values are read back. */
import { show, type Type } from '../../model/language/types.ts'
import { objectOf, symbolOf, termOf, type Encoding } from './encode.ts'
import type { Finite, State } from './finite.ts'
import type { SExpr } from './session.ts'
import type { Term } from './smt.ts'
import { pc } from './system.ts'

export interface Places {
  readonly terms: readonly Term[]
  readonly read: (values: readonly SExpr[]) => State
}

/** The places of all variables; what the solver was never told of comes out as 0. */
export function placesOf(e: Encoding, finite: Finite): Places {
  const terms: Term[] = []
  const sinks: ((values: readonly SExpr[], state: State) => void)[] = []
  const want = (term: Term, store: (state: State, value: SExpr) => void): void => {
    const i = terms.push(term) - 1
    sinks.push((values, state) => {
      store(state, values[i] ?? '')
    })
  }
  for (const x of [...e.system.fields, ...e.system.locals, pc.decl]) {
    if (x.role === 'geometry') continue
    const base = finite.base.get(x.name) ?? 0
    const read = symbolOf(e, x)
    const counts = x.sets.map((s) => finite.sizes[s] ?? 0)
    const n = counts.reduce((a, b) => a * b, 1)
    for (let i = 0; i < n; i++) {
      const value = read(elementOf(i, counts).map((k, d) => objectOf(x.sets[d] ?? '', k)))
      const at = base + i
      if (value.kind === 'flags')
        value.bits.forEach((b, k) => {
          want(b, (s, v) => {
            if (v === 'true') s[at] = (s[at] ?? 0) | (1 << k)
          })
        })
      else if (value.kind === 'subset' && x.type.kind === 'subset') {
        const { set } = x.type
        for (let k = 1; k <= (finite.sizes[set] ?? 0); k++)
          want(value.has(objectOf(set, k)), (s, v) => {
            if (v === 'true') s[at] = (s[at] ?? 0) | (1 << (k - 1))
          })
      } else
        want(termOf(value), (s, v) => {
          s[at] = decode(x.type, v)
        })
    }
  }
  return {
    terms,
    read: (values) => {
      const state: State = new Array<number>(finite.width).fill(0)
      for (const s of sinks) s(values, state)
      return state
    },
  }
}

/** The objects, from 1, that element `i` of an array over sets of these sizes belongs to. */
export function elementOf(i: number, counts: readonly number[]): readonly number[] {
  let rest = i
  return counts.map((_, d) => {
    const stride = counts.slice(d + 1).reduce((a, b) => a * b, 1)
    const k = Math.floor(rest / stride)
    rest %= stride
    return k + 1
  })
}

/** A value of a type, coded as in model/language/types.ts. */
export function decode(type: Type, value: SExpr): number {
  if (typeof value !== 'string') return value[0] === '-' ? -Number(value[1]) : 0
  // Z3 leaves the bars out where a name does without.
  const v = value.startsWith('|') ? value.slice(1, -1) : value
  switch (type.kind) {
    case 'bool':
      return v === 'true' ? 1 : 0
    case 'int':
      return Number(v)
    case 'enum':
      return Math.max(
        0,
        type.values.findIndex((_, i) => v === `=${type.name}.${show(type, i)}`),
      )
    case 'ref': {
      if (type.set === 'label') return Number(v)
      const m = /#(nil|\d+)$/.exec(v)
      return m === null || m[1] === 'nil' ? 0 : Number(m[1])
    }
    case 'flags':
    case 'subset':
      return 0
  }
}
