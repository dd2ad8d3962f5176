/** An instance of a generated module, whose functions and globals are asked for by name. */
import type { Global } from './encoder/code.ts'
import type { CompiledModule, ExportedFunction, GlobalCell, ImportedFunction, Memory } from './platform.ts'
import { instantiate } from './platform.ts'

export interface Instance {
  /** A global, as an unsigned number of 32 bits. */
  readonly read: (global: Global) => number
  readonly write: (global: Global, value: number) => void
  /** The global itself, for who reads it often. */
  readonly cellOf: (global: Global) => GlobalCell
  /** All globals, in the order of the module. */
  readonly cells: readonly GlobalCell[]
  /** Calls a function; a result is an unsigned number of 32 bits, 0 where there is none. */
  readonly run: (name: string, ...args: readonly number[]) => number
  /** Such a function itself, for other modules. */
  readonly exported: (name: string) => ExportedFunction
}

/** An instance of a module with what that imports. What it gives throws where the module does not have a name. */
export function newInstance(
  module: CompiledModule,
  env: Readonly<Record<string, Memory | ImportedFunction>>,
): Instance {
  const functions = new Map<string, ExportedFunction>()
  const cells = new Map<string, GlobalCell>()
  for (const [name, exported] of Object.entries(instantiate(module, env))) {
    if (typeof exported === 'function') functions.set(name, exported)
    else cells.set(name, exported)
  }
  const cellOf = ({ name }: Global): GlobalCell => {
    const found = cells.get(name)
    if (found === undefined) throw new Error(`the module has no global '${name}'`)
    return found
  }
  const exported = (name: string): ExportedFunction => {
    const found = functions.get(name)
    if (found === undefined) throw new Error(`the module has no function '${name}'`)
    return found
  }
  return {
    read: (global) => cellOf(global).value >>> 0,
    write: (global, value) => {
      cellOf(global).value = value
    },
    cellOf,
    cells: [...cells.values()],
    run: (name, ...args) => (exported(name)(...args) ?? 0) >>> 0,
    exported,
  }
}
