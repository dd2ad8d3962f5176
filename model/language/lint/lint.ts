/** The linter: what can be said of a model without exploring its interleavings. */
import type { Lowered } from '../lower/lower.ts'
import { collector } from './context.ts'
import { exploreThread } from './explore.ts'
import { checkLabels } from './labels.ts'
import { fieldsOf } from './places.ts'
import type { Finding, LintRules } from './rules.ts'
import { checkUnread } from './unread.ts'

/**
 * Checks a lowered program. Each thread is explored alone, against an environment that may answer
 * anything, so a finding may lie on a path that no interleaving takes; none is missed for the paths
 * of one thread, as long as ML010 is not among the findings.
 */
export function lint(lowered: Lowered, rules: LintRules): readonly Finding[] {
  const { list, add } = collector()
  const fields = fieldsOf(lowered)
  lowered.model.threads.forEach((t, thread) => {
    exploreThread(lowered, {
      rules,
      fields,
      slots: lowered.model.slots,
      thread,
      threadName: t.name,
      pcSlot: t.pcSlot,
      report: (code, label, message) => {
        add({ code, message, thread: t.name, label })
      },
    })
  })
  checkLabels(lowered.model, add)
  checkUnread(lowered, rules, add)
  return list
}
