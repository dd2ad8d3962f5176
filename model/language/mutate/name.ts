/**
 * Names of mutations. A person reads `retract_page_tables.ptl_lock: drop lock`; a litmus file, whose
 * header words hold no blank, has `retract_page_tables.ptl_lock+drop-lock` after `without`. The two
 * say the same: labels have neither `+` nor `-`.
 */

/** A routine as labels name it: `madvise(MADV_X)` is `madvise.MADV_X`, which a litmus file can spell. */
export const routineName = (routine: string): string => routine.replace(/\(([^)]*)\)/, '.$1')

export const labelName = (routine: string, label: string): string => `${routineName(routine)}.${label}`

/** The name as one word. */
export const mutationWord = (name: string): string => name.trim().replace(/:\s*/, '+').replace(/\s+/g, '-')

/** The word as a person reads it. */
export function mutationName(word: string): string {
  const plus = word.indexOf('+')
  return plus < 0 ? word : `${word.slice(0, plus)}: ${word.slice(plus + 1).replaceAll('-', ' ')}`
}

/** Whether an entry of `without` is a mutation, and not the label of a step or a check. */
export const isMutation = (word: string): boolean => word.includes('+')
