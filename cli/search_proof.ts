/** A search for a proof, from nothing but the code: of an item that extends another, that one is searched first. */
import type { CheckOptions } from '../solver/prove/check.ts'
import { extended } from '../solver/prove/extend.ts'
import { ITEMS } from '../solver/prove/items.ts'
import { attempt, prepare, type Attempt, type Prepared } from '../solver/prove/prove.ts'

/** Searches that were made, by item, kernel and what was left out, so that each is made once. */
export type Searches = Map<string, Attempt>

export interface Searched {
  readonly found: Attempt
  /** In words, with where its guesses come from. */
  readonly origin: string
}

const keyOf = ({ item, setup }: Prepared, core: string): string =>
  [item.property, core, setup.kernel.name, ...setup.core.without].join('\0')

/**
 * Finds what can be shown. Where the item extends another, what is lost in a search of that one, which is made first
 * unless it is among `before`, is not guessed. Throws where the item extends one that there is not.
 */
export async function searched(
  prepared: Prepared,
  options: CheckOptions,
  before: Searches,
  log?: (text: string) => void,
): Promise<Searched> {
  const { item, setup } = prepared
  if (item.extends === undefined) {
    const found = await attempt(prepared, options, log)
    before.set(keyOf(prepared, item.core.name), found)
    return { found, origin: 'found anew' }
  }
  const base = ITEMS.find((i) => i.property === item.property && i.core.name === item.extends)
  if (base === undefined) throw new Error(`${item.core.name} extends '${item.extends}', which is no model`)
  const first =
    before.get(keyOf(prepared, base.core.name)) ??
    (await searched(prepare(base, setup.kernel, setup.core.without), options, before, log)).found
  const { prepared: rest, kept, lost } = extended(prepared, first)
  const guesses = `of ${kept + lost} guesses that ${base.core.name} has too, the ${lost} that its search lost were left out`
  return { found: await attempt(rest, options, log), origin: `found anew; ${guesses}, and none was taken as true` }
}
