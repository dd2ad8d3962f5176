/** What actions write, read off their text. */
import type { Field } from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'

/** The fields that a list of actions may write, locks apart; one that is written twice is named twice. */
export function written(actions: readonly Action[]): readonly Field[] {
  return actions.flatMap((a): readonly Field[] => {
    switch (a.kind) {
      case 'assign':
        return a.target.kind === 'field' ? [a.target.field] : []
      case 'member':
        return [a.target.field]
      case 'when':
        return written([...a.then, ...a.else])
      case 'forEach':
        return written(a.body)
      case 'acquire':
      case 'release':
      case 'tryAcquire':
      case 'note':
      case 'assert':
        return []
    }
  })
}
