/** Generated functions that tell, of a packed state, which conditions are false and where each thread stands. */
import type { LExpr } from '../../model/language/lowered.ts'
import { declarations, fieldOf, literal, test, value, type Scope } from '../explicit/expressions.ts'
import type { Layout } from '../explicit/layout.ts'
import type { Graph } from './graph.ts'

export interface Observe {
  /** Writes the conditions that are false in the state at word `at` of `arena` to the first two words of `into`. */
  readonly shut: (arena: Int32Array, at: number, into: Int32Array) => void
  /** By thread: a number that tells its nodes apart. */
  readonly key: readonly ((arena: Int32Array, at: number) => number)[]
}

/** A function body's beginning: the words that `code` reads, as variables. */
function scoped(layout: Layout): { readonly scope: Scope; readonly head: () => string } {
  const read = new Set<number>()
  const word = (w: number): string => {
    read.add(w)
    return `s${w}`
  }
  const scope: Scope = { layout, word, oldWord: word, temporaries: { count: 0 } }
  const head = (): string => declarations(scope) + [...read].map((w) => `const s${w}=a[z+${w}|0];`).join('')
  return { scope, head }
}

function shutFunction(layout: Layout, exprs: readonly LExpr[]): string {
  const { scope, head } = scoped(layout)
  const word = (from: number): string =>
    exprs
      .slice(from, from + 32)
      .map((expr, bit) => `(${test(expr, scope)}?0:${literal(1 << bit)})`)
      .concat('0')
      .join('|')
  const [first, second] = [word(0), word(32)]
  return `(a,z,into)=>{${head()}into[0]=${first};into[1]=${second}}`
}

function keyFunction(layout: Layout, { tracked, factors }: Graph): string {
  const { scope, head } = scoped(layout)
  const terms = tracked.flatMap((slot, i) => {
    const field = fieldOf(layout, slot)
    if (field.kind === 'constant') return []
    return [`(${value({ kind: 'slot', slot }, scope)}-${literal(field.lo)})*${literal(factors[i] ?? 0)}`]
  })
  const sum = ['0', ...terms].join('+')
  return `(a,z)=>{${head()}return ${sum}}`
}

/** Compiles the functions. Nothing textual of a model gets into the code. */
export function compileObserve(layout: Layout, exprs: readonly LExpr[], graphs: readonly Graph[]): Observe {
  const keys = graphs.map((graph) => keyFunction(layout, graph))
  const build = new Function(`'use strict';return{shut:${shutFunction(layout, exprs)},key:[${keys.join(',')}]}`)
  const observe: Observe = build()
  return observe
}
