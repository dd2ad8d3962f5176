/** Options from files: data, checked as if they stood on the command line, and never evaluated. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError, type Command, type Option } from 'commander'
import { z } from 'zod'
import { failed, ok, type Result } from '../counterexamples/result.ts'
import { closest } from '../model/litmus/suggest.ts'
import { reason, withHelp } from './message.ts'

type OptionValue = string | number | boolean | string[]
const optionValue: z.ZodType<OptionValue> = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])

const configSchema = z.strictObject({
  format: z.literal('mmcheck-config'),
  version: z.object({ major: z.literal(1), minor: z.number() }),
  verbs: z.record(z.string(), z.record(z.string(), optionValue)),
})

/** Where an option has its value from. */
export type Origin = 'flag' | 'project' | 'user' | 'default'

interface ConfigFile {
  readonly origin: 'project' | 'user'
  readonly path: string
  readonly verbs: Readonly<Record<string, Readonly<Record<string, OptionValue>>>>
}

/** Both files, the one that wins first; those that are not there are left out. */
export function configPaths(
  env: NodeJS.ProcessEnv,
  cwd: string,
): readonly { readonly origin: 'project' | 'user'; readonly path: string }[] {
  const home =
    env['XDG_CONFIG_HOME'] === undefined || env['XDG_CONFIG_HOME'] === ''
      ? join(homedir(), '.config')
      : env['XDG_CONFIG_HOME']
  return [
    { origin: 'project', path: join(cwd, 'mmcheck.config.json') },
    { origin: 'user', path: join(home, 'mmcheck', 'config.json') },
  ]
}

/** Reads the files. The error is a message for errorText(). */
export function readConfig(env: NodeJS.ProcessEnv, cwd: string): Result<readonly ConfigFile[], string> {
  const files: ConfigFile[] = []
  for (const { origin, path } of configPaths(env, cwd)) {
    if (!existsSync(path)) continue
    let raw: unknown
    try {
      raw = JSON.parse(readFileSync(path, 'utf8'))
    } catch (e) {
      return failed(`cannot read '${path}': ${e instanceof SyntaxError ? `it is no JSON (${e.message})` : reason(e)}`)
    }
    const parsed = configSchema.safeParse(raw)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      return failed(
        withHelp(
          `'${path}' is no mmcheck-config: ${(issue?.path ?? []).map(String).join('.')}: ${issue?.message ?? ''}`,
          "'mmcheck config --help' has an example",
        ),
      )
    }
    files.push({ origin, path, verbs: parsed.data.verbs })
  }
  return ok(files)
}

/** `--run-dir` is written `run-dir`, and `--no-cache` as `"cache": false`. */
const nameOf = (option: Option): string => option.name().replace(/^no-/, '')

/** What an option of a file sets, in the way in which the command line would. Throws InvalidArgumentError. */
function valueOf(option: Option, given: OptionValue): unknown {
  const takesValue = option.required || option.optional
  if (!takesValue) {
    if (typeof given === 'boolean') return given
    throw new InvalidArgumentError('true or false is needed')
  }
  if (typeof given === 'boolean') throw new InvalidArgumentError('a text, a number or a list of texts is needed')
  const parse = option.parseArg
  let value: unknown
  for (const text of Array.isArray(given) ? given : [String(given)])
    value = parse === undefined ? text : parse(text, value)
  return value
}

/** Names that no verb or option has. */
function strangers(program: Command, file: ConfigFile): string | undefined {
  const verbs = program.commands.map((c) => c.name())
  for (const [verb, options] of Object.entries(file.verbs)) {
    const command = program.commands.find((c) => c.name() === verb)
    const way = (name: string, known: readonly string[]): string => {
      const near = closest(name, known)
      return near === undefined ? `known: ${known.join(', ')}` : `did you mean '${near}'?`
    }
    if (command === undefined) return withHelp(`'${file.path}': there is no verb '${verb}'`, way(verb, verbs))
    const names = command.options.map(nameOf)
    const stranger = Object.keys(options).find((o) => !names.includes(o))
    if (stranger !== undefined)
      return withHelp(`'${file.path}': ${verb} has no option '${stranger}'`, way(stranger, names))
  }
  return undefined
}

export interface Setting {
  readonly verb: string
  readonly option: string
  /** As it stands in the file, or the default; undefined where there is neither. */
  readonly value: unknown
  readonly origin: Origin
  readonly path?: string
}

/** What holds for each option of each verb where the command line says nothing. */
export function settings(program: Command, files: readonly ConfigFile[]): readonly Setting[] {
  return program.commands.flatMap((command) =>
    command.options.map((option): Setting => {
      const base = { verb: command.name(), option: nameOf(option) }
      for (const { origin, path, verbs } of files) {
        const value = verbs[command.name()]?.[nameOf(option)]
        if (value !== undefined) return { ...base, value, origin, path }
      }
      const value: unknown = option.negate ? true : option.defaultValue
      return { ...base, value, origin: 'default' }
    }),
  )
}

/** Sets what the files say for every option of a verb that its command line leaves open; or says what is wrong. */
export function applyConfig(program: Command, command: Command, files: readonly ConfigFile[]): string | undefined {
  for (const file of files) {
    const stranger = strangers(program, file)
    if (stranger !== undefined) return stranger
  }
  for (const { option: name, value, path } of settings(program, files).filter((s) => s.verb === command.name())) {
    const option = command.options.find((o) => nameOf(o) === name)
    if (path === undefined || option === undefined) continue
    if (command.getOptionValueSource(option.attributeName()) === 'cli') continue
    try {
      command.setOptionValueWithSource(option.attributeName(), valueOf(option, optionValue.parse(value)), 'config')
    } catch (e) {
      if (!(e instanceof InvalidArgumentError)) throw e
      return withHelp(`'${path}': ${command.name()}.${name}: wrong value`, e.message)
    }
  }
  return undefined
}
