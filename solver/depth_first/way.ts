import type { Machine } from './machine.ts'
import { find, isOpen, type Store } from './store.ts'

/**
 * The shortest way from the first state to the top of the path among runs that meet no state but those of the path,
 * which itself may make long detours. By state: the one before it on the way, -1 before the first.
 */
export function shortestWay({ layout, program }: Machine, store: Store, top: number): ReadonlyMap<number, number> {
  const { words } = layout
  // What the search is in the middle of, and looking at moves again would write to.
  const [out, failed] = [program.out.slice(), program.failed.slice()]
  const before = new Map([[0, -1]])
  for (const [id] of before) {
    if (id === top) break
    for (const expand of program.threads) {
      const end = expand(store.arena, id, 0)
      for (let at = 0; at < end; at += words) {
        const to = find(store, program.out, at)
        if (to >= 0 && isOpen(store, to) && !before.has(to)) before.set(to, id)
      }
    }
  }
  program.out.set(out)
  program.failed.set(failed)
  return before
}
