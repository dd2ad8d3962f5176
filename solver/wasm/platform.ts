/** WebAssembly as the platform has it. Node.js declares no types for it: these are of what is used here. */

export interface Memory {
  readonly buffer: ArrayBufferLike
  /** By pages of 64 KiB. Throws RangeError where there is no memory; the buffer is another one afterwards. */
  readonly grow: (pages: number) => number
}

export interface GlobalCell {
  value: number
}

/** A function without a result gives undefined. */
export type ExportedFunction = (...args: number[]) => number | undefined
export type ImportedFunction = (...args: number[]) => number | undefined
export type Exports = Readonly<Record<string, GlobalCell | ExportedFunction>>

declare const WebAssembly: {
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum: number
    readonly shared: boolean
  }) => Memory
  readonly Module: new (bytes: Uint8Array) => CompiledModule
  readonly Instance: new (
    module: CompiledModule,
    imports: { readonly env: Readonly<Record<string, Memory | ImportedFunction>> },
  ) => { readonly exports: Exports }
  readonly validate: (bytes: Uint8Array) => boolean
}

/** A memory of so many pages at first and at most, which threads can share or not. Throws RangeError where there is no address space. */
export const newMemory = (first: number, most: number, shared: boolean = false): Memory =>
  new WebAssembly.Memory({ initial: first, maximum: most, shared })

/** A compiled module, which can be posted to other threads. */
export interface CompiledModule {
  readonly [Symbol.toStringTag]: string
}

/** Compiles a module. Throws where the bytes are no valid one. */
export const compile = (bytes: Uint8Array): CompiledModule => new WebAssembly.Module(bytes)

/** What an instance of a module exports. */
export const instantiate = (
  module: CompiledModule,
  env: Readonly<Record<string, Memory | ImportedFunction>>,
): Exports => new WebAssembly.Instance(module, { env }).exports

/** Whether bytes are a valid module. */
export const isValid = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes)
