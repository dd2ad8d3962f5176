/** A generated function that tells of a packed state which conditions are false. */
import type { LExpr } from '../../model/language/lowered.ts'
import { declarations, literal, test, type Scope } from '../explicit/expressions.ts'
import type { Layout } from '../explicit/layout.ts'

/** Writes the conditions that are false in the state at word `at` of `arena` to the first two words of `into`. */
export type Shut = (arena: Int32Array, at: number, into: Int32Array) => void

function shutFunction(layout: Layout, exprs: readonly LExpr[]): string {
  const read = new Set<number>()
  const wordName = (w: number): string => {
    read.add(w)
    return `s${w}`
  }
  const scope: Scope = { layout, word: wordName, oldWord: wordName, temporaries: { count: 0 } }
  const word = (from: number): string =>
    exprs
      .slice(from, from + 32)
      .map((expr, bit) => `(${test(expr, scope)}?0:${literal(1 << bit)})`)
      .concat('0')
      .join('|')
  const [first, second] = [word(0), word(32)]
  const words = [...read].map((w) => `const s${w}=a[z+${w}|0];`).join('')
  return `(a,z,into)=>{${declarations(scope)}${words}into[0]=${first};into[1]=${second}}`
}

/** Compiles the function. Nothing textual of a model gets into the code. */
export function compileShut(layout: Layout, exprs: readonly LExpr[]): Shut {
  const build = new Function(`'use strict';return ${shutFunction(layout, exprs)}`)
  const shut: Shut = build()
  return shut
}
