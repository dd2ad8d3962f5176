/** Values with the names that the scenario gives to objects: `f[0]` where a trace says `folio0`. */
import { show, type Type } from '../../model/language/types.ts'
import { laneName } from './subject.ts'

/** Names of the objects of each set, by number. */
export type ObjectNames = Readonly<Record<string, readonly string[]>>

const named = (names: ObjectNames, set: string, i: number): string =>
  set === 'thread' ? laneName(i) : (names[set]?.[i] ?? `${set}${i}`)

/** The bits of a mask, ascending. */
export const bitsOf = (mask: number): readonly number[] =>
  Array.from({ length: 32 - Math.clz32(mask) }, (_, i) => i).filter((i) => ((mask >> i) & 1) === 1)

/** A value as a person reads it, objects by their names. */
export function showNamed(names: ObjectNames, type: Type, value: number): string {
  switch (type.kind) {
    case 'ref':
      return value === 0 ? 'nil' : named(names, type.set, value - 1)
    case 'subset':
      return `{${bitsOf(value)
        .map((i) => named(names, type.set, i))
        .join(', ')}}`
    case 'bool':
    case 'int':
    case 'enum':
    case 'flags':
      return show(type, value)
  }
}
