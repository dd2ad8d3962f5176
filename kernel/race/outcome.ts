/** Outcomes in the words of litmus files, and as conditions on the final state of a scenario. */
import type { Cond, Final } from '../../model/litmus/ast.ts'
import { Result as ResultType } from '../../model/mm/errno.ts'
import type { Span } from '../../model/litmus/source.ts'
import { errnoName, SIGNAL } from '../probe/constants.ts'
import type { RawOutcome } from './generate.ts'
import type { RaceProgram } from './program.ts'

/** What became of a race: every register, and whether each page of the scenario is guarded at the end. */
export interface RaceOutcome {
  readonly registers: readonly { readonly name: string; readonly value: string }[]
  readonly pages: readonly { readonly name: string; readonly guard: boolean }[]
}

/** What `touch` adds to a SIGBUS whose code is that of a poisoned page. */
const POISONED = 128
const SIGBUS = 7

/** The register of an operation that has not returned, and what the C program has for it. */
export const NO_RETURN = 'no return'
const NO_RETURN_NUMBER = 9999

function resultName(raw: number, access: boolean, { plainPoison }: RaceProgram): string {
  if (raw === NO_RETURN_NUMBER) return NO_RETURN
  if (!access) return raw >= 0 ? String(raw) : `-${errnoName(-raw)}`
  if (raw === 0) return 'ok'
  if (raw === SIGBUS + POISONED || (raw === SIGBUS && plainPoison)) return 'HWPOISON'
  return (SIGNAL[raw] ?? `SIG${raw}`).slice('SIG'.length)
}

/** The number that the C program has for a result, as its `call` and `touch` give it. */
function resultNumber(name: string, access: boolean, program: RaceProgram): number | undefined {
  if (name === NO_RETURN) return NO_RETURN_NUMBER
  if (!access && /^\d+$/.test(name)) return Number(name)
  for (let n = 0; n < 256; n++) {
    const raw = access ? n : -n
    if (resultName(raw, access, program) === name) return raw
  }
  return undefined
}

export const readOutcome = (program: RaceProgram, raw: RawOutcome): RaceOutcome => ({
  registers: program.results.map(({ register, access }, i) => ({
    name: register,
    value: resultName(raw.results[i] ?? 0, access, program),
  })),
  pages: program.pages.map((name, i) => ({ name, guard: raw.guards[i] !== 0 })),
})

/** The other way; undefined where a value of the model has no counterpart, as OOM. */
export function rawOutcome(program: RaceProgram, outcome: RaceOutcome): RawOutcome | undefined {
  const results: number[] = []
  for (const { register, access } of program.results) {
    const value = outcome.registers.find((r) => r.name === register)?.value
    const raw = value === undefined ? undefined : resultNumber(value, access, program)
    if (raw === undefined) return undefined
    results.push(raw)
  }
  return { results, guards: outcome.pages.map((p) => (p.guard ? 1 : 0)) }
}

export const showRegisters = (o: RaceOutcome): string => o.registers.map((r) => `${r.name}=${r.value};`).join(' ')
export const showPages = (o: RaceOutcome): string =>
  o.pages.map((p) => `${p.name}${p.guard ? '=' : '!='}guard;`).join(' ')

const NOWHERE: Span = { start: 0, end: 0 }

/** The values of the model that a kernel can give. */
export const nameable = (o: RaceOutcome): boolean => o.registers.every((r) => ResultType.values.includes(r.value))

/** `exists` this very outcome. Only where every value is nameable(). */
export function conditionFor(o: RaceOutcome): Final {
  const registers = o.registers.map(({ name, value }): Cond => {
    const [, thread = '0', register = ''] = /^P(\d+):(.*)$/.exec(name) ?? []
    return {
      kind: 'register',
      thread: { index: Number(thread), span: NOWHERE },
      register: { text: register, span: NOWHERE },
      comparison: '=',
      value: { kind: 'symbol', text: value, span: NOWHERE },
      span: NOWHERE,
    }
  })
  const pages = o.pages.map(({ name, guard }): Cond => {
    const [, mapping = '', page = '0'] = /^(.*)\[(\d+)\]$/.exec(name) ?? []
    return {
      kind: 'page',
      name: { text: mapping, span: NOWHERE },
      page: Number(page),
      comparison: guard ? '=' : '!=',
      value: { kind: 'symbol', text: 'guard', span: NOWHERE },
      span: NOWHERE,
    }
  })
  return { quantifier: 'exists', cond: { kind: 'and', args: [...registers, ...pages], span: NOWHERE }, span: NOWHERE }
}
