/** A WebAssembly module and its bytes (core specification 2.0, section 5.5). */
import { encodeBody } from './body.ts'
import type { Bytes } from './bytes.ts'
import { finished, newBytes, putAll, putByte, putSized, putUnsigned } from './bytes.ts'
import type { Global } from './code.ts'
import type { Func, FunctionType } from './func.ts'
import type { ValueType } from './opcodes.ts'
import { VALUE_TYPES } from './opcodes.ts'

export interface Import extends FunctionType {
  readonly name: string
}

export interface Module {
  /** Functions that the module takes from outside, of module `env`; the memory is `env.memory`. */
  readonly imports: readonly Import[]
  readonly functions: readonly Func[]
  /** Mutable, 0 at first, and exported under their names. */
  readonly globals: readonly Global[]
  /** Pages of 64 KiB that the memory has at first, and at most; and whether threads share it. */
  readonly memory: { readonly first: number; readonly most: number; readonly shared?: boolean }
}

type Part = (into: Bytes) => void

/** A section: a list of parts, with its size and the number of parts in front. */
function putSection(into: Bytes, id: number, parts: readonly Part[]): void {
  const content = newBytes()
  putUnsigned(content, parts.length)
  for (const part of parts) part(content)
  putByte(into, id)
  putSized(into, content)
}

function putName(into: Bytes, name: string): void {
  const bytes = new TextEncoder().encode(name)
  putUnsigned(into, bytes.length)
  putAll(into, [...bytes])
}

function putTypes(into: Bytes, types: readonly ValueType[]): void {
  putUnsigned(into, types.length)
  putAll(
    into,
    types.map((type) => VALUE_TYPES[type]),
  )
}

/** The bytes of a module. Throws on a name or a label that is not there. */
export function encode({ imports, functions, globals, memory }: Module): Uint8Array<ArrayBuffer> {
  const all: readonly (FunctionType & { readonly name: string })[] = [...imports, ...functions]
  const key = ({ params, results }: FunctionType): string => `${params.join()}>${results.join()}`
  const kinds = new Map(all.map((f) => [key(f), f]))
  const typeIndex = new Map([...kinds.keys()].map((k, i) => [k, i]))
  const functionIndex = new Map(all.map(({ name }, i) => [name, i]))
  const globalIndex = new Map(globals.map(({ name }, i) => [name, i]))
  const putTypeOf = (into: Bytes, f: FunctionType): void => {
    putUnsigned(into, typeIndex.get(key(f)) ?? -1)
  }
  const putImport = (into: Bytes, name: string, kind: number): void => {
    putName(into, 'env')
    putName(into, name)
    putByte(into, kind)
  }
  const putExport = (into: Bytes, name: string, kind: number, index: number): void => {
    putName(into, name)
    putByte(into, kind)
    putUnsigned(into, index)
  }
  const out = newBytes()
  putAll(out, [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const types = [...kinds.values()].map(({ params, results }): Part => {
    return (into) => {
      putByte(into, 0x60)
      putTypes(into, params)
      putTypes(into, results)
    }
  })
  putSection(out, 1, types)
  const putMemory: Part = (into) => {
    putImport(into, 'memory', 2)
    putByte(into, memory.shared === true ? 3 : 1)
    putUnsigned(into, memory.first)
    putUnsigned(into, memory.most)
  }
  const putFunctions = imports.map((f): Part => {
    return (into) => {
      putImport(into, f.name, 0)
      putTypeOf(into, f)
    }
  })
  putSection(out, 2, [putMemory, ...putFunctions])
  putSection(
    out,
    3,
    functions.map((f): Part => (into) => {
      putTypeOf(into, f)
    }),
  )
  putSection(
    out,
    6,
    globals.map(({ type }): Part => (into) => {
      putAll(into, [VALUE_TYPES[type], 1, type === 'i32' ? 0x41 : 0x42, 0, 0x0b])
    }),
  )
  const exportedFunctions = functions.map(({ name }, i): Part => (into) => {
    putExport(into, name, 0, imports.length + i)
  })
  const exportedGlobals = globals.map(({ name }, i): Part => (into) => {
    putExport(into, name, 3, i)
  })
  putSection(out, 7, [...exportedFunctions, ...exportedGlobals])
  putSection(
    out,
    10,
    functions.map((f): Part => (into) => {
      putSized(into, encodeBody(f, functionIndex, globalIndex))
    }),
  )
  return finished(out)
}
