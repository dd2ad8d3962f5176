/** Mistakes of the command line, in the words of all other errors. */
import { existsSync } from 'node:fs'
import { closest } from '../model/litmus/suggest.ts'
import { catalogue, scenarioPath } from './input.ts'
import { errorText, printable, withHelp } from './message.ts'

const ANY_HELP = "'mmcheck --help' lists verbs, 'mmcheck VERB --help' their options"

/** What the parser of options says, with the option first and the way out as help. */
export function usageError(text: string): string {
  const said = text.trim().replace(/^error: /, '')
  const value = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '([^]*)' is invalid\. ([^]*)$/.exec(said)
  if (value !== null) {
    const [, option = '', argument = '', help = ''] = value
    return errorText(withHelp(`'${printable(argument)}' cannot be the value of ${option}`, help))
  }
  const near = /^([^]*)\n\(Did you mean (?:one of )?(.*)\?\)$/.exec(said)
  if (near !== null) return errorText(withHelp(printable(near[1] ?? ''), `did you mean '${near[2] ?? ''}'?`))
  return errorText(withHelp(printable(said), ANY_HELP))
}

/**
 * An error where the command line starts with a word that is neither verb, scenario nor file, but looks
 * like a verb: `check` would go looking for a file of that name and check what comes after it.
 */
export function strayWord(argv: readonly string[], verbs: readonly string[]): string | undefined {
  const [word] = argv
  if (word === undefined || !/^[a-z]+$/.test(word) || verbs.includes(word)) return undefined
  if (scenarioPath(word) !== undefined || existsSync(word)) return undefined
  const near = closest(word, [...verbs, ...catalogue()])
  return withHelp(
    `'${word}' is no verb, no file and no scenario`,
    near === undefined ? `verbs: ${verbs.join(', ')}` : `did you mean '${near}'?`,
  )
}
