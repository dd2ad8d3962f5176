/** Keeps the counterexamples that a command found. */
import type { Counterexample } from '../counterexamples/json.ts'
import { saveCounterexample } from '../counterexamples/store.ts'
import { errorText } from './message.ts'

/**
 * Writes each into `directory`; without one, none. The first that cannot be written is told, and ends it:
 * what keeps one from being written keeps the others too, and what was found is printed all the same.
 */
export async function keepAll(
  directory: string | undefined,
  counterexamples: Iterable<Counterexample>,
  err: (text: string) => void,
): Promise<void> {
  if (directory === undefined) return
  for (const c of counterexamples) {
    const saved = await saveCounterexample(directory, c)
    if (saved.ok) continue
    err(errorText(`warning: counterexamples are not kept: ${saved.error.message}`))
    return
  }
}
