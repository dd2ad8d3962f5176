/** Canonical text of a litmus file. */
import type { Arg, Cond, Decl, KernelLine, LitmusFile, PageRange, Stmt, ThreadDecl, Value } from './ast.ts'
import { blockCommentEnd } from './lexer.ts'

/** What survives quoting in a mail. */
const WIDTH = 75

/**
 * The file as text that ends with a line end, at most 75 columns wide where it can be broken.
 * Parsing it gives the same tree up to spans, for every tree that the parser can give. Comments
 * stand below the name.
 */
export function printLitmus(file: LitmusFile): string {
  const lines = [
    `MM ${file.name.text}`,
    ...file.comments.map(printComment),
    ...file.kernels.map(printKernel),
    ...block('', file.decls.map(printDecl)),
    ...file.threads.flatMap((thread) => block(threadHead(thread), thread.stmts.map(printStmt))),
    ...(file.final === undefined ? [] : finalLines(file.final.quantifier, file.final.cond)),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * The file without its name and comments, one line for each part whatever its length. Permanent ids
 * are hashes of this text: a change of its layout changes them all.
 */
export function printBody(file: LitmusFile): string {
  const lines = [
    ...file.kernels.map(printKernel),
    oneLine('', file.decls.map(printDecl)),
    ...file.threads.map((thread) => oneLine(threadHead(thread), thread.stmts.map(printStmt))),
    ...(file.final === undefined ? [] : [`${file.final.quantifier} (${printCond(file.final.cond)})`]),
  ]
  return `${lines.join('\n')}\n`
}

/** A comment that is no well-formed block becomes line comments, so that no text can end it early. */
function printComment(text: string): string {
  const printed = `(* ${text} *)`
  if (blockCommentEnd(printed, 0) === printed.length) return printed
  return text
    .split('\n')
    .map((line) => `// ${line}`)
    .join('\n')
}

function printKernel(kernel: KernelLine): string {
  const list = (names: KernelLine['names']): string => names.map((name) => name.text).join(', ')
  return `kernel ${list(kernel.names)}${kernel.without.length === 0 ? '' : ` without ${list(kernel.without)}`}`
}

const oneLine = (head: string, parts: readonly string[]): string => `${head}{ ${parts.map((p) => `${p} `).join('')}}`

function block(head: string, parts: readonly string[]): readonly string[] {
  const line = oneLine(head, parts)
  return line.length <= WIDTH ? [line] : [`${head}{`, ...parts.map((part) => `  ${part}`), '}']
}

const threadHead = ({ thread, mm }: ThreadDecl): string =>
  `P${thread.index} ${mm === undefined ? '' : `in ${mm.text} `}`

const printPages = ({ first, last }: PageRange): string => (first === last ? `[${first}]` : `[${first}..${last}]`)

/** A declaration with its `;`. */
export function printDecl(decl: Decl): string {
  switch (decl.kind) {
    case 'backing':
      return `${decl.type} ${decl.name.text}[${decl.pages}]${decl.size === undefined ? '' : ` size ${decl.size}`};`
    case 'map': {
      const source = decl.source.kind === 'anon' ? 'anon' : decl.source.name.text
      const flags = `${decl.nosigbus ? ' nosigbus' : ''}${decl.validate ? ' validate' : ''}`
      const mm = decl.mm === undefined ? '' : ` in ${decl.mm.text}`
      return `map ${decl.name.text} = ${source}${printPages(decl.range)} ${decl.sharing} ${decl.access}${flags}${mm}${decl.unmapped ? ' unmapped' : ''};`
    }
    case 'child':
      return `child ${decl.name.text} of ${decl.of.text} in ${decl.mm.text};`
    case 'mm':
      return `mm ${decl.name.text};`
    case 'fill':
      return `fill ${decl.name.text}${printPages(decl.range)}${decl.access === undefined ? '' : ` ${decl.access}`};`
    case 'vma':
      return `vma ${decl.name.text} ${decl.words.map((w) => w.text).join(' ')};`
    case 'cache':
      return `cache ${decl.name.text}${printPages(decl.range)};`
    case 'setting':
      return `${decl.name.text}${decl.value === undefined ? '' : ` ${decl.value}`};`
  }
}

/** A statement with its `;`. */
export function printStmt(stmt: Stmt): string {
  const register = stmt.register === undefined ? '' : `${stmt.register.text} = `
  return `${register}${stmt.op.text}(${stmt.args.map(printArg).join(', ')});`
}

function printArg(arg: Arg): string {
  switch (arg.kind) {
    case 'name':
      return arg.name.text
    case 'pages':
      return arg.name.text + printPages(arg.range)
    case 'number':
      return String(arg.value)
  }
}

/** Broken at its outermost operator where it does not fit on a line. */
function finalLines(quantifier: string, cond: Cond): readonly string[] {
  const line = `${quantifier} (${printCond(cond)})`
  if (line.length <= WIDTH || (cond.kind !== 'and' && cond.kind !== 'or')) return [line]
  const operator = OPERATOR[cond.kind]
  const parts = cond.args.map((arg, i) => `  ${i === 0 ? '' : `${operator} `}${printOperand(arg, cond.kind)}`)
  return [`${quantifier} (`, ...parts, ')']
}

const OPERATOR = { and: '/\\', or: '\\/' } as const

/** A condition without outer parentheses. */
export function printCond(cond: Cond): string {
  switch (cond.kind) {
    case 'and':
    case 'or': {
      const { kind } = cond
      return cond.args.map((arg) => printOperand(arg, kind)).join(` ${OPERATOR[kind]} `)
    }
    case 'not':
      return `~${printOperand(cond.arg, 'not')}`
    case 'register':
      return `P${cond.thread.index}:${cond.register.text} ${cond.comparison} ${printValue(cond.value)}`
    case 'page':
      return `${cond.name.text}[${cond.page}] ${cond.comparison} ${printValue(cond.value)}`
  }
}

/** Parentheses where the tree would change without them, and around a negated comparison, where a reader needs them. */
function printOperand(cond: Cond, within: 'and' | 'or' | 'not'): string {
  const bare = cond.kind === 'not' || (within !== 'not' && (isAtom(cond) || (within === 'or' && cond.kind === 'and')))
  return bare ? printCond(cond) : `(${printCond(cond)})`
}

const isAtom = (cond: Cond): boolean => cond.kind === 'register' || cond.kind === 'page'

const printValue = (value: Value): string => (value.kind === 'number' ? String(value.value) : value.text)
