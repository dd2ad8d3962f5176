/** The part of the WebAssembly JavaScript interface that is used; the types of Node.js have none of it. */
declare namespace WebAssembly {
  class Memory {
    constructor(size: { initial: number; maximum: number })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  interface Global {
    value: number
  }
  class Instance {
    constructor(module: Module, imports: { env: Record<string, Memory | ((...values: number[]) => void)> })
    readonly exports: Readonly<Record<string, Global | ((...values: number[]) => number)>>
  }
  function validate(bytes: Uint8Array): boolean
}
