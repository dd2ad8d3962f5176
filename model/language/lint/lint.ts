/** The linter: what can be said of a model without exploring its interleavings. */
import type { Lowered } from '../lower/lower.ts'
import { collector } from './context.ts'
import { exploreThread } from './explore.ts'
import { checkLabels } from './labels.ts'
import { fieldsOf } from './places.ts'
import type { Finding, LintRules } from './rules.ts'
import { checkUnread } from './unread.ts'

type Found = Omit<Finding, 'help'>
type Add = (f: Found) => void

/**
 * Explores every thread. Returns the steps that were not reached, by `routine.label`; what one call
 * cannot reach, since its arguments are constants, another may.
 */
function explore(lowered: Lowered, rules: LintRules, add: Add): Map<string, Found | undefined> {
  const fields = fieldsOf(lowered)
  const steps = new Map<string, Found | undefined>()
  lowered.model.threads.forEach(({ name, pcSlot }, thread) => {
    const { reached, complete } = exploreThread(lowered, {
      rules,
      fields,
      slots: lowered.model.slots,
      thread,
      threadName: name,
      pcSlot,
      report: (code, label, message) => {
        add({ code, message, thread: name, label })
      },
    })
    for (const s of lowered.model.steps) {
      if (s.thread !== thread) continue
      const key = `${s.routine}.${s.local}`
      if (!complete || reached.has(s.pc)) steps.set(key, undefined)
      else if (!steps.has(key))
        steps.set(key, { code: 'ML008', message: `no path leads to ${key}`, thread: name, label: s.label })
    }
  })
  return steps
}

/**
 * Checks several lowered programs of one model, say the scenarios of a catalogue. A step counts as
 * reached, and a variable as read, if it is so in one of them.
 *
 * Each thread is explored alone, against an environment that may answer anything: a finding may lie
 * on a path that no interleaving takes, and for the rules no path of the thread is missed unless
 * ML010 says so.
 */
export function lintAll(models: readonly Lowered[], rules: LintRules): readonly Finding[] {
  const { list, add } = collector()
  const unreached = new Map<string, Found | undefined>()
  for (const lowered of models) {
    for (const [key, found] of explore(lowered, rules, add))
      if (found === undefined || !unreached.has(key)) unreached.set(key, found)
    checkLabels(lowered.model, add)
  }
  for (const found of unreached.values()) if (found !== undefined) add(found)
  checkUnread(models, rules, add)
  return list
}

/** Checks one lowered program. */
export const lint = (lowered: Lowered, rules: LintRules): readonly Finding[] => lintAll([lowered], rules)
