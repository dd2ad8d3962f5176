/** A model checker for TLA+ that others wrote: tla-checker, in WebAssembly. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { check_spec_with_cfg, initSync } from 'tla-checker'
import { z } from 'zod'

const LIMITS = { states: 1_000_000, depth: 100_000 }

const answer = z.object({
  success: z.boolean(),
  error_type: z.string().nullable(),
  error_message: z.string().nullable(),
  states_explored: z.number(),
})

/** Its words for what does not hold; any other error is that of a text that it cannot read. */
const broken = ({ error_type, error_message }: z.infer<typeof answer>): boolean =>
  error_type === 'InvariantViolation' ||
  error_type === 'Deadlock' ||
  (error_type === 'NextError' && error_message?.startsWith('Assertion failed') === true)

let ready = false

function load(): void {
  if (ready) return
  const directory = createRequire(import.meta.url).resolve('tla-checker/package.json')
  initSync({ module: readFileSync(directory.replace('package.json', 'tla_checker_bg.wasm')) })
  ready = true
}

/** Runs it. `states` are all of them only where everything holds: it stops at the first violation. Throws where it cannot read the text. */
export function otherChecker(tla: string, cfg: string): { readonly holds: boolean; readonly states: number } {
  load()
  const deadlockAllowed = cfg.includes('CHECK_DEADLOCK FALSE')
  const text = check_spec_with_cfg(tla, cfg, '{}', LIMITS.states, LIMITS.depth, deadlockAllowed, false)
  const told = answer.parse(JSON.parse(text))
  if (!told.success && !broken(told))
    throw new Error(`tla-checker: ${told.error_type ?? ''}: ${told.error_message ?? ''}`)
  return { holds: told.success, states: told.states_explored }
}
