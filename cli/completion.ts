/** Completion for shells and the man page, made of the one table of options: that of the parser. */
import type { Command } from 'commander'
import { catalogue } from './input.ts'

interface Flag {
  /** `--jobs`, and `-j` where there is one. */
  readonly names: readonly string[]
  readonly takesValue: boolean
  readonly description: string
}

interface Verb {
  readonly name: string
  readonly description: string
  readonly flags: readonly Flag[]
  readonly takesScenario: boolean
}

const flagsOf = (command: Command): readonly Flag[] => [
  ...command.options.map((o) => ({
    names: [o.long, o.short].flatMap((n) => n ?? []),
    takesValue: o.required || o.optional,
    description: o.description,
  })),
  { names: ['--help', '-h'], takesValue: false, description: 'what the verb takes, with examples' },
]

const verbsOf = (program: Command): readonly Verb[] =>
  program.commands.map((c) => ({
    name: c.name(),
    description: c.description(),
    flags: flagsOf(c),
    takesScenario: c.registeredArguments.some((a) => ['file', 'scenario'].includes(a.name())),
  }))

/** Options whose value is a file or a directory. */
const PATHS = ['--output', '-o', '--run-dir', '--cache-dir']

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

export function bashCompletion(program: Command): string {
  const cases = verbsOf(program).map((v) => {
    const names = v.flags.flatMap((f) => f.names).join(' ')
    const valued = v.flags.filter((f) => f.takesValue).flatMap((f) => f.names)
    return `    ${v.name}) flags=${quote(names)}; valued=${quote(valued.join(' '))}; scenario=${v.takesScenario ? 1 : 0} ;;`
  })
  return `# bash completion for mmcheck; made by 'mmcheck completion bash'.
_mmcheck() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local verb=check flags= valued= scenario=0 word
  COMPREPLY=()
  if [[ \${#COMP_WORDS[@]} -gt 2 ]]; then verb=\${COMP_WORDS[1]}; fi
  if [[ $COMP_CWORD -eq 1 && $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W ${quote(
      verbsOf(program)
        .map((v) => v.name)
        .join(' '),
    )} -- "$current"; compgen -f -- "$current")
    return
  fi
  case $verb in
${cases.join('\n')}
    *) flags=--help ;;
  esac
  for word in ${PATHS.join(' ')}; do
    if [[ $previous == "$word" ]]; then mapfile -t COMPREPLY < <(compgen -f -- "$current"); return; fi
  done
  for word in $valued; do
    if [[ $previous == "$word" ]]; then return; fi
  done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  elif [[ $scenario -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W ${quote(catalogue().join(' '))} -- "$current"; compgen -f -- "$current")
  fi
}
complete -o filenames -F _mmcheck mmcheck
`
}

/** Within _arguments, a description stands in brackets and a value after a colon. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, (c) => `\\${c}`)

function zshFlag(f: Flag): readonly string[] {
  return f.names.map((name) => {
    const value = f.takesValue ? `:value:${PATHS.includes(name) ? '_files' : ''}` : ''
    return `        ${quote(`*${name}[${zshText(f.description)}]${value}`)}`
  })
}

export function zshCompletion(program: Command): string {
  const verbs = verbsOf(program)
  const names = verbs.map((v) => `    ${quote(`${zshText(v.name)}:${zshText(v.description)}`)}`)
  const cases = verbs.map((v) => {
    const rest = v.takesScenario
      ? [`        '*:scenario or file:_mmcheck_scenarios'`]
      : [`        '*::argument:_files'`]
    return `    ${v.name})\n      _arguments \\\n${[...v.flags.flatMap(zshFlag), ...rest].join(' \\\n')}\n      ;;`
  })
  return `#compdef mmcheck
# zsh completion for mmcheck; made by 'mmcheck completion zsh'.
_mmcheck_scenarios() {
  local -a scenarios
  scenarios=(${catalogue().map(quote).join(' ')})
  compadd -a scenarios
  _files
}
_mmcheck() {
  local -a verbs
  verbs=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    _mmcheck_scenarios
    return
  fi
  local verb=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then
  _mmcheck "$@"
else
  compdef _mmcheck mmcheck
fi
`
}

export function fishCompletion(program: Command): string {
  const verbs = verbsOf(program)
  const all = verbs.map((v) => v.name).join(' ')
  const escape = (text: string): string => `'${text.replace(/['\\]/g, (c) => `\\${c}`)}'`
  const lines = verbs.flatMap((v) => [
    `complete -c mmcheck -n "not __fish_seen_subcommand_from ${all}" -a ${v.name} -d ${escape(v.description)}`,
    ...v.flags.map((f) => {
      const names = f.names.map((n) => (n.startsWith('--') ? `-l ${n.slice(2)}` : `-s ${n.slice(1)}`)).join(' ')
      const value = f.takesValue ? (f.names.some((n) => PATHS.includes(n)) ? ' -r -F' : ' -x') : ''
      return `complete -c mmcheck -n "__fish_seen_subcommand_from ${v.name}" ${names}${value} -d ${escape(f.description)}`
    }),
    ...(v.takesScenario
      ? [`complete -c mmcheck -n "__fish_seen_subcommand_from ${v.name}" -a ${escape(catalogue().join(' '))}`]
      : []),
  ])
  return `# fish completion for mmcheck; made by 'mmcheck completion fish'.\n${lines.join('\n')}\n`
}

/** Text for man: a backslash, a hyphen of an option, and a dot or quote where a line begins mean something there. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map((l) => (/^[.']/.test(l) ? `\\&${l}` : l))
    .join('\n')

/** mmcheck(1). The example of each verb, with what else its help says, stands there as it does in --help. */
export function manPage(program: Command, version: string): string {
  const help = (command: Command): string => {
    let text = ''
    command.configureOutput({ writeOut: (t) => void (text += t) })
    command.outputHelp()
    const [, more = ''] = text.split(/^Examples?:$/m)
    return more.trimEnd()
  }
  const verbs = program.commands.flatMap((command, i) => {
    const verb = verbsOf(program)[i]
    if (verb === undefined) return []
    const operands = command.registeredArguments.map((a) => {
      const shown = `${a.name()}${a.variadic ? '...' : ''}`
      return a.required ? `<${shown}>` : `[${shown}]`
    })
    const examples = help(command)
    return [
      `.SS ${roff(['mmcheck', verb.name, '[options]', ...operands].join(' '))}`,
      roff(verb.description),
      ...verb.flags.flatMap((f) => ['.TP', `.B ${roff(f.names.join(', '))}`, roff(f.description)]),
      ...(examples === '' ? [] : ['.PP', 'Examples:', '.PP', '.nf', roff(examples.replace(/^\n+/, '')), '.fi']),
    ]
  })
  return [
    `.TH MMCHECK 1 "" "mmcheck ${roff(version)}" "User Commands"`,
    '.SH NAME',
    'mmcheck \\- a model checker for Linux memory\\-management invariants',
    '.SH SYNOPSIS',
    '.B mmcheck',
    '[verb] [options] [operand...]',
    '.SH DESCRIPTION',
    roff(program.description()),
    '.SH VERBS',
    ...verbs,
    '',
  ].join('\n')
}
