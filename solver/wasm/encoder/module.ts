/** A WebAssembly module and its bytes (core specification 2.0, section 5.5). */
import type { Global, Local, Node } from './code.ts'
import { encodeBody } from './body.ts'
import { signed, unsigned } from './leb.ts'
import type { ValueType } from './opcodes.ts'
import { VALUE_TYPES } from './opcodes.ts'

export interface FunctionType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

export interface Import extends FunctionType {
  readonly name: string
}

/** All are exported under their names. */
export interface Func extends FunctionType {
  readonly name: string
  /** Types of the locals beyond the parameters. */
  readonly locals: readonly ValueType[]
  readonly body: readonly Node[]
}

export interface Module {
  /** Functions that the module takes from outside, of module `env`; the memory is `env.memory`. */
  readonly imports: readonly Import[]
  readonly functions: readonly Func[]
  /** Mutable, 0 at first, and exported under their names. */
  readonly globals: readonly Global[]
  /** Pages of 64 KiB of the memory. */
  readonly memoryPages: number
}

/** Gives the parameters and makes the locals of a function, to write its body with. */
export interface Locals {
  readonly params: readonly Local[]
  readonly local: (type: ValueType) => Local
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

const vector = (items: readonly (readonly number[])[]): readonly number[] => [...unsigned(items.length), ...items.flat()]

const section = (id: number, content: readonly number[]): readonly number[] =>
  [id].concat(unsigned(content.length), content)

function text(name: string): readonly number[] {
  const bytes = [...new TextEncoder().encode(name)]
  return [...unsigned(bytes.length), ...bytes]
}

const types = (list: readonly ValueType[]): readonly number[] => vector(list.map((type) => [VALUE_TYPES[type]]))

/** The bytes of a module. Throws on a name or a label that is not there. */
export function encode(module: Module): Uint8Array<ArrayBuffer> {
  const { imports, functions, globals, memoryPages } = module
  const all: readonly FunctionType[] = [...imports, ...functions]
  const key = ({ params, results }: FunctionType): string => `${params.join()}>${results.join()}`
  const kinds = [...new Map(all.map((f) => [key(f), f])).entries()]
  const typeIndex = new Map(kinds.map(([k], i) => [k, i]))
  const typeOf = (f: FunctionType): readonly number[] => unsigned(typeIndex.get(key(f)) ?? -1)
  const functionIndex = new Map([...imports, ...functions].map(({ name }, i) => [name, i]))
  const globalIndex = new Map(globals.map(({ name }, i) => [name, i]))
  const code = functions.map((f) => encodeBody(f, functionIndex, globalIndex))
  const memory = [...text('env'), ...text('memory'), 0x02, 0x01, ...unsigned(memoryPages), ...unsigned(memoryPages)]
  const sections = [
    section(
      1,
      vector(kinds.map(([, { params, results }]) => [0x60, ...types(params), ...types(results)])),
    ),
    section(2, vector([memory, ...imports.map((f) => [...text('env'), ...text(f.name), 0x00, ...typeOf(f)])])),
    section(3, vector(functions.map(typeOf))),
    section(
      6,
      vector(globals.map(({ type }) => [VALUE_TYPES[type], 1, type === 'i32' ? 0x41 : 0x42, ...signed(0n), 0x0b])),
    ),
    section(
      7,
      vector([
        ...functions.map(({ name }) => [...text(name), 0, ...unsigned(functionIndex.get(name) ?? -1)]),
        ...globals.map(({ name }, i) => [...text(name), 3, ...unsigned(i)]),
      ]),
    ),
    section(10, vector(code)),
  ]
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0].concat(...sections))
}
