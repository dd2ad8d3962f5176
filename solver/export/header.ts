/** What is said at the top of an exported file. */
import type { LoweredModel } from '../../model/language/lowered.ts'

export interface ExportHeader {
  readonly scenario: string
  readonly kernel: string
  /** Lines of text about the scenario: its litmus file, what the model assumes. */
  readonly about?: readonly string[]
  /** Reachable states that mmcheck found, where it saw all of them. */
  readonly states?: number
  /** Names of the properties that mmcheck found violated, where it saw all states. */
  readonly violated?: readonly string[]
  /** File name without its extension, for the commands that run it; made of the scenario and kernel otherwise. */
  readonly file?: string
}

export interface ExportOptions {
  /** Names of the properties to check; all of them unless given. Assertions never change the number of states. */
  readonly properties?: readonly string[]
}

/** `install_collapse_v7_0`: a name that is a legal module name and a legal file name. */
export function fileName({ scenario, kernel, file }: ExportHeader): string {
  const plain = (file ?? `${scenario}_${kernel}`).replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '')
  return (/^[A-Za-z]/.test(plain) ? plain : `mm_${plain}`).slice(0, 100)
}

/** What there is to expect of a run. */
export function expectation(model: LoweredModel, { states, violated }: ExportHeader): readonly string[] {
  const found =
    violated === undefined
      ? []
      : violated.length === 0
        ? [`mmcheck found all of these to hold: ${model.properties.map(({ name }) => name).join(', ')}.`]
        : [`mmcheck found these violated: ${violated.join(', ')}.`]
  return [...(states === undefined ? [] : [`Expected: ${states} states.`]), ...found]
}
