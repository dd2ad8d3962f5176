/**
 * A reader of the part of TLA+ that we export, written from the language's rules and not from the
 * exporter: junction lists by their columns, precedence of operators, definitions before use.
 */
export type Expr =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string; readonly args: readonly Expr[] }
  | { readonly kind: 'prime'; readonly name: string }
  | { readonly kind: 'unary'; readonly op: '~' | '-' | 'UNCHANGED'; readonly arg: Expr }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'if'; readonly cond: Expr; readonly then: Expr; readonly else: Expr }
  | { readonly kind: 'let'; readonly defs: readonly Definition[]; readonly body: Expr }
  | { readonly kind: 'exists'; readonly name: string; readonly set: Expr; readonly body: Expr }
  | { readonly kind: 'tuple'; readonly parts: readonly Expr[] }

export interface Definition {
  readonly name: string
  readonly params: readonly string[]
  readonly body: Expr
}

export interface Module {
  readonly name: string
  readonly variables: readonly string[]
  readonly definitions: ReadonlyMap<string, Definition>
}

interface Token {
  readonly text: string
  readonly line: number
  readonly column: number
}

const TOKEN =
  /\\\*[^\n]*|"[^"\\\n]*"|-{4,}|={4,}|==|=>|<=|<<|>>|\.\.|\/\\|\\\/|\\div\b|\\in\b|\\E\b|\[\]\[Next\]_vars|[A-Za-z0-9_]+|[=#<~'+\-*%(),:]|\S/g

function tokens(text: string): readonly Token[] {
  return text
    .split('\n')
    .flatMap((row, line) =>
      [...row.matchAll(TOKEN)].flatMap((m) =>
        m[0].startsWith('\\*') ? [] : [{ text: m[0], line: line + 1, column: m.index }],
      ),
    )
}

/** Binding strength of infix operators; all here associate to the left or not at all. */
const STRENGTH: Readonly<Record<string, number>> = {
  '=>': 1,
  '/\\': 3,
  '\\/': 3,
  '=': 5,
  '#': 5,
  '<': 5,
  '<=': 5,
  '\\in': 5,
  '..': 9,
  '+': 10,
  '-': 11,
  '%': 11,
  '*': 13,
  '\\div': 13,
}
/** TLA+ refuses these side by side without parentheses. */
const ALONE = new Set(['=>', '=', '#', '<', '<=', '\\in', '..', '%', '\\div'])
const END: Token = { text: '', line: 0, column: -1 }

export function parseModule(source: string): Module {
  const all = tokens(source)
  let next = 0
  /** Columns of the junction lists that are open: a token at or left of one ends its item. */
  const margins: number[] = []
  /** What a name may mean at this place of the text; nothing may take a name that has a meaning there. */
  const declared = new Set(['TRUE', 'FALSE', 'Assert'])
  const recursive = new Set<string>()
  const fail = (message: string): never => {
    const { text, line, column } = all[next] ?? END
    throw new Error(`TLA+ line ${line}, column ${column}: ${message}, at '${text}'`)
  }
  const peek = (): Token => {
    const token = all[next] ?? END
    return token.column <= (margins[margins.length - 1] ?? -1) ? END : token
  }
  const take = (wanted?: string): string => {
    const { text } = peek()
    if (text === '' || (wanted !== undefined && text !== wanted)) fail(`expected ${wanted ?? 'more'}`)
    next++
    return text
  }
  const identifier = (): string => {
    const text = take()
    return /^[A-Za-z_]\w*$/.test(text) && text !== 'IN' ? text : fail('expected a name')
  }
  const separated = <T>(item: () => T, end: string): readonly T[] => {
    const items: T[] = []
    if (peek().text !== end) {
      items.push(item())
      while (peek().text === ',') {
        take()
        items.push(item())
      }
    }
    take(end)
    return items
  }

  const declare = (name: string): void => {
    if (declared.has(name) && !recursive.delete(name)) fail(`'${name}' has a meaning already`)
    declared.add(name)
  }
  /** Reads something in which more names have a meaning. */
  const having = <T>(names: readonly string[], read: () => T): T => {
    names.forEach(declare)
    const result = read()
    for (const name of names) declared.delete(name)
    return result
  }

  function primary(): Expr {
    const { text, column } = peek()
    if (text === '/\\' || text === '\\/') return junction(text, column)
    next++
    if (/^\d+$/.test(text)) return { kind: 'number', value: Number(text) }
    if (text.startsWith('"')) return { kind: 'string', value: text.slice(1, -1) }
    switch (text) {
      case '(': {
        const inner = expression(0)
        take(')')
        return inner
      }
      case '<<':
        return { kind: 'tuple', parts: separated(() => expression(0), '>>') }
      case '~':
        return { kind: 'unary', op: '~', arg: expression(4) }
      case '-':
        return { kind: 'unary', op: '-', arg: expression(12) }
      case 'UNCHANGED':
        return { kind: 'unary', op: 'UNCHANGED', arg: expression(4) }
      case 'IF': {
        const cond = expression(0)
        take('THEN')
        const then = expression(0)
        take('ELSE')
        return { kind: 'if', cond, then, else: expression(0) }
      }
      case 'LET': {
        const defs: Definition[] = []
        while (peek().text !== 'IN') defs.push(definition())
        take('IN')
        const body = expression(0)
        for (const { name } of defs) declared.delete(name)
        return { kind: 'let', defs, body }
      }
      case '\\E': {
        const name = identifier()
        take('\\in')
        const set = expression(6)
        take(':')
        return { kind: 'exists', name, set, body: having([name], () => expression(0)) }
      }
    }
    next--
    const name = identifier()
    if (!declared.has(name)) fail(`'${name}' is not defined above`)
    if (peek().text === "'") {
      take()
      return { kind: 'prime', name }
    }
    if (peek().text !== '(') return { kind: 'name', name, args: [] }
    take()
    return { kind: 'name', name, args: separated(() => expression(0), ')') }
  }

  function junction(op: string, column: number): Expr {
    let whole: Expr | undefined
    for (;;) {
      const token = peek()
      if (token.text !== op || token.column !== column) break
      next++
      margins.push(column)
      const item = expression(0)
      margins.pop()
      whole = whole === undefined ? item : { kind: 'binary', op, left: whole, right: item }
    }
    return whole ?? fail('an empty list')
  }

  function expression(above: number): Expr {
    let left = primary()
    let last = ''
    for (;;) {
      const { text } = peek()
      const strength = STRENGTH[text]
      if (strength === undefined || strength <= above) return left
      const mixed = (last === '/\\' && text === '\\/') || (last === '\\/' && text === '/\\')
      if (mixed || (last === text && ALONE.has(text))) fail('parentheses are missing')
      // The next of the same strength is taken up by this loop, or refused by it.
      take()
      left = { kind: 'binary', op: text, left, right: expression(strength) }
      last = text
    }
  }

  function definition(): Definition {
    const name = identifier()
    let params: readonly string[] = []
    if (peek().text === '(') {
      take()
      params = separated(identifier, ')')
    }
    take('==')
    const body = having(params, () => expression(0))
    declare(name)
    return { name, params, body }
  }

  if (!/^-{4,}$/.test(take())) fail('expected a module')
  take('MODULE')
  const name = identifier()
  take()
  take('EXTENDS')
  while (/^(Integers|TLC|,)$/.test(peek().text)) take()
  const variables: string[] = []
  const definitions = new Map<string, Definition>()
  for (;;) {
    const { text } = peek()
    if (/^={4,}$/.test(text)) return { name, variables, definitions }
    if (text === 'VARIABLES') {
      do {
        take()
        const variable = identifier()
        declare(variable)
        variables.push(variable)
      } while (peek().text === ',')
    } else if (text === 'RECURSIVE') {
      take()
      const recursiveName = identifier()
      declare(recursiveName)
      recursive.add(recursiveName)
      take('(')
      separated(() => take('_'), ')')
    } else if (text === 'Spec') {
      for (const word of ['Spec', '==', 'Init', '/\\', '[][Next]_vars']) take(word)
    } else {
      const d = definition()
      definitions.set(d.name, d)
    }
  }
}
