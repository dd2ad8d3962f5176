/**
 * The finite types of the modelling language. Every value is a small integer; a type says how many
 * there are and how each is printed, so that every engine can work on integers alone.
 */

export interface BoolType {
  readonly kind: 'bool'
}
/** A bounded integer, both ends included. */
export interface IntType {
  readonly kind: 'int'
  readonly lo: number
  readonly hi: number
}
export interface EnumType {
  readonly kind: 'enum'
  readonly name: string
  readonly values: readonly string[]
}
/** A word of named bits, as vm_flags is. The value is the bit mask. */
export interface FlagsType {
  readonly kind: 'flags'
  readonly name: string
  readonly bits: readonly string[]
}
/** A reference into a set of objects: 0 is nil, i + 1 is object i. */
export interface RefType {
  readonly kind: 'ref'
  readonly set: string
  /** Set where the reference always points at an object; its first value is then object 0. */
  readonly nonNil?: true
}
/** A subset of a set of objects: bit i stands for object i. */
export interface SubsetType {
  readonly kind: 'subset'
  readonly set: string
}

export type Type = BoolType | IntType | EnumType | FlagsType | RefType | SubsetType

/** How many objects each set of the world has. */
export type SetSizes = Readonly<Record<string, number>>

export const bool: BoolType = { kind: 'bool' }
export const int = (lo: number, hi: number): IntType => ({ kind: 'int', lo, hi })
export const enumeration = (name: string, values: readonly string[]): EnumType => ({ kind: 'enum', name, values })
export const flagWord = (name: string, bits: readonly string[]): FlagsType => ({ kind: 'flags', name, bits })
export const refTo = (set: string): RefType => ({ kind: 'ref', set, nonNil: true })
export const nilable = (set: string): RefType => ({ kind: 'ref', set })
export const subsetOf = (set: string): SubsetType => ({ kind: 'subset', set })

/** The largest subset a 32-bit word of generated code can hold with its sign bit free. */
export const SUBSET_MAX = 16

/** The number of objects in a set. Throws on an undeclared name: that is a bug in a model file. */
export function sizeOf(set: string, sizes: SetSizes): number {
  const n = sizes[set]
  if (n === undefined) throw new Error(`no set named '${set}' in this world`)
  return n
}

/** The smallest and largest integer that a variable of this type can hold. */
export function range(type: Type, sizes: SetSizes): { readonly lo: number; readonly hi: number } {
  switch (type.kind) {
    case 'bool':
      return { lo: 0, hi: 1 }
    case 'int':
      return { lo: type.lo, hi: type.hi }
    case 'enum':
      return { lo: 0, hi: type.values.length - 1 }
    case 'flags':
      return { lo: 0, hi: 2 ** type.bits.length - 1 }
    case 'ref':
      return { lo: type.nonNil ? 1 : 0, hi: sizeOf(type.set, sizes) }
    case 'subset': {
      const n = sizeOf(type.set, sizes)
      if (n > SUBSET_MAX) throw new Error(`a subset of '${type.set}' has at most ${SUBSET_MAX} members, not ${n}`)
      return { lo: 0, hi: 2 ** n - 1 }
    }
  }
}

/** The integer of a named enumeration value. Throws on a name that the type does not have. */
export function enumValue(type: EnumType, value: string): number {
  const i = type.values.indexOf(value)
  if (i < 0) throw new Error(`${type.name} has no value '${value}'`)
  return i
}

/** The mask of some named bits. Throws on a name that the type does not have. */
export function maskOf(type: FlagsType, bits: readonly string[]): number {
  let mask = 0
  for (const bit of bits) {
    const i = type.bits.indexOf(bit)
    if (i < 0) throw new Error(`${type.name} has no bit '${bit}'`)
    mask |= 1 << i
  }
  return mask
}

const members = (mask: number): number[] => {
  const out: number[] = []
  for (let i = 0; mask >> i !== 0; i++) if ((mask >> i) & 1) out.push(i)
  return out
}

/** A value as a person reads it: enumeration names, bit names, object names. */
export function show(type: Type, value: number): string {
  switch (type.kind) {
    case 'bool':
      return value === 0 ? 'false' : 'true'
    case 'int':
      return String(value)
    case 'enum':
      return type.values[value] ?? `${type.name}(${value})`
    case 'flags':
      return value === 0
        ? '0'
        : members(value)
            .map((i) => type.bits[i] ?? `bit${i}`)
            .join('|')
    case 'ref':
      return value === 0 ? 'nil' : `${type.set}${value - 1}`
    case 'subset':
      return `{${members(value)
        .map((i) => `${type.set}${i}`)
        .join(',')}}`
  }
}

/** Whether two types may be compared or assigned to one another. */
export function sameType(a: Type, b: Type): boolean {
  switch (a.kind) {
    case 'bool':
      return b.kind === 'bool'
    case 'int':
      return b.kind === 'int'
    case 'enum':
      return b.kind === 'enum' && a.name === b.name
    case 'flags':
      return b.kind === 'flags' && a.name === b.name
    case 'ref':
      return b.kind === 'ref' && a.set === b.set
    case 'subset':
      return b.kind === 'subset' && a.set === b.set
  }
}
