/** A function of a module. */
import type { Local, Node } from './code.ts'
import type { ValueType } from './opcodes.ts'

export interface FunctionType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** All are exported under their names. */
export interface Func extends FunctionType {
  readonly name: string
  /** Types of the locals beyond the parameters. */
  readonly locals: readonly ValueType[]
  readonly body: readonly Node[]
}

/** A function whose body is written by `body`, which may ask for locals as it goes along. */
export function func<const P extends readonly ValueType[]>(
  name: string,
  params: P,
  results: readonly ValueType[],
  body: (params: { readonly [I in keyof P]: Local }, local: (type: ValueType) => Local) => readonly Node[],
): Func {
  const locals: ValueType[] = []
  const local = (type: ValueType): Local => ({ type, index: params.length + locals.push(type) - 1 })
  const handles = mapTuple(params, (type, index): Local => ({ type, index }))
  const nodes = body(handles, local)
  return { name, params, results, locals, body: nodes }
}

function mapTuple<const P extends readonly ValueType[], R>(
  values: P,
  f: (value: ValueType, index: number) => R,
): { readonly [I in keyof P]: R }
function mapTuple(values: readonly ValueType[], f: (value: ValueType, index: number) => unknown): readonly unknown[] {
  return values.map(f)
}
