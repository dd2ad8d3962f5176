/** Which solver answers: the z3-solver package, or a program that reads SMT-LIB 2 from its standard input. */
import { accessSync, constants } from 'node:fs'
import { basename, delimiter, join } from 'node:path'

/** What a solver understands beyond the standard. */
export type Dialect = 'z3' | 'standard'

export type SolverChoice =
  | { readonly kind: 'wasm' }
  | {
      readonly kind: 'native'
      /** As it was asked for. */
      readonly name: string
      readonly command: string
      readonly args: readonly string[]
      readonly dialect: Dialect
    }

/** Asked for by name or by path, and told apart by the name of the file. */
interface Family {
  readonly name: string
  readonly args: readonly string[]
  readonly dialect: Dialect
}

const FAMILIES: readonly Family[] = [
  { name: 'z3', args: ['-in', '-smt2'], dialect: 'z3' },
  { name: 'cvc5', args: ['--lang=smt2', '--incremental', '--quiet'], dialect: 'standard' },
  { name: 'yices-smt2', args: ['--incremental'], dialect: 'standard' },
]

/** Names of solvers that are looked for on the machine. */
export const NATIVE_SOLVERS: readonly string[] = ['z3', 'cvc5']

export const WASM: SolverChoice = { kind: 'wasm' }

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The file that a command stands for, or undefined where there is none that can be run. */
export function findProgram(command: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  if (command.includes('/')) return isProgram(command) ? command : undefined
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, command))
    .find(isProgram)
}

/**
 * `wasm`, `z3`, `cvc5`, or the path of a program. One that is not known by its name must read commands from
 * its standard input without any option, and answer each before it reads on. Undefined where the program is
 * not there.
 */
export function solverChoice(name: string): SolverChoice | undefined {
  if (name === 'wasm') return WASM
  const command = findProgram(name)
  if (command === undefined) return undefined
  const family = FAMILIES.find((f) => basename(command).startsWith(f.name))
  return { kind: 'native', name, command, args: family?.args ?? [], dialect: family?.dialect ?? 'standard' }
}

export const dialectOf = (choice: SolverChoice): Dialect => (choice.kind === 'wasm' ? 'z3' : choice.dialect)

/** The logic of propositional queries. Z3's finite-domain solver is what they are fast in. */
export const logicOf = (dialect: Dialect): string => (dialect === 'z3' ? 'QF_FD' : 'QF_UF')
