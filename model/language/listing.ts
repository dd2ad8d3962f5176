/**
 * Prints a routine back as labelled pseudo-C: the C text of each step, and beneath it, after `| `,
 * what the model does for it. A kernel developer should recognise the function.
 */
import { not, render, type Expr } from './expr.ts'
import { effects } from './listing/effects.ts'
import { fold, setLines, type Line } from './listing/lines.ts'
import type { Routine } from './routine.ts'
import type { Stmt } from './stmt.ts'

export interface ListOptions {
  /** Columns; a longer line is folded. 100 unless given. */
  readonly width?: number
}
const WIDTH = 100

type Of<K extends Stmt['kind']> = Extract<Stmt, { readonly kind: K }>

/** `f(a, b)`; a system call that is listed once per behaviour, `madvise(MADV_X)`, has that as its last argument. */
function callText(name: string, args: readonly string[]): string {
  const [fn, behaviour] = name.split(/[()]/)
  return `${fn ?? name}(${[...args, ...(behaviour === undefined ? [] : [behaviour])].join(', ')})`
}

const isTrue = (e: Expr): boolean => e.kind === 'const' && e.type.kind === 'bool' && e.value === 1

/** A `continue` that belongs to the loop with this body, and not to a loop inside it. */
const continues = (body: readonly Stmt[]): boolean =>
  body.some((s) => s.kind === 'continue' || (s.kind === 'if' && (continues(s.then) || continues(s.else))))

/** Body and condition of an endless loop that C would write `do { } while (cond)`; undefined where it would not. */
function asDoWhile(s: Of<'while'>): { readonly body: readonly Stmt[]; readonly cond: string } | undefined {
  const last = s.body[s.body.length - 1]
  if (!isTrue(s.cond) || last === undefined || continues(s.body)) return undefined
  const body = s.body.slice(0, -1)
  if (last.kind === 'break') return { body, cond: '0' }
  const leaves = last.kind === 'if' && last.check === undefined && last.else.length === 0 && last.then.length === 1
  return leaves && last.then[0]?.kind === 'break' ? { body, cond: render(not(last.cond)) } : undefined
}

const code = (depth: number, text: string, label?: string): Line =>
  label === undefined ? { kind: 'code', depth, text } : { kind: 'code', depth, text, label }

const blockLines = (body: readonly Stmt[], depth: number): readonly Line[] => body.flatMap((s) => stmtLines(s, depth))

function stmtLines(s: Stmt, depth: number): readonly Line[] {
  switch (s.kind) {
    case 'step': {
      const why = s.atomic === undefined ? [] : [code(depth, `/* atomic: ${s.atomic} */`)]
      const text = s.sleeps === true ? `${s.text} /* may sleep */` : s.text
      const done = effects(s).map((e): Line => ({ kind: 'effect', depth, text: e }))
      return [code(depth, text, s.label), ...why, ...done]
    }
    case 'if':
      return ifLines(s, depth, '')
    case 'while':
      return whileLines(s, depth)
    case 'for': {
      const i = s.local.name
      const head = `for (${i} = ${render(s.first)}; ${i} <= ${render(s.last)}; ${i}++) {`
      return [code(depth, head), ...blockLines(s.body, depth + 1), code(depth, '}')]
    }
    case 'let':
      return [code(depth, `${s.local.name} = ${render(s.value)}`)]
    case 'call': {
      const result = s.into === undefined ? '' : `${s.into.name} = `
      return [code(depth, `${result}${callText(s.routine.name, s.args.map(render))}`, s.label)]
    }
    case 'return':
      return [code(depth, s.value === undefined ? 'return' : `return ${render(s.value)}`)]
    case 'break':
    case 'continue':
      return [code(depth, s.kind)]
  }
}

function whileLines(s: Of<'while'>, depth: number): readonly Line[] {
  const loop = asDoWhile(s)
  if (loop !== undefined)
    return [code(depth, 'do {'), ...blockLines(loop.body, depth + 1), code(depth, `} while (${loop.cond})`)]
  const head = isTrue(s.cond) ? 'for (;;) {' : `while (${render(s.cond)}) {`
  return [code(depth, head), ...blockLines(s.body, depth + 1), code(depth, '}')]
}

/** `before` is `} else ` in a chain. Braces as the kernel has them: none around single lines. */
function ifLines(s: Of<'if'>, depth: number, before: string): readonly Line[] {
  const swapped = s.then.length === 0
  const [yes, no] = swapped ? [s.else, []] : [s.then, s.else]
  const then = blockLines(yes, depth + 1)
  const otherwise = blockLines(no, depth + 1)
  const bare = before === '' && then.length <= 1 && otherwise.length <= 1
  const head = `${before}if (${render(swapped ? not(s.cond) : s.cond)})${bare ? '' : ' {'}`
  const lines = [code(depth, head, s.check), ...then]
  const [next] = no
  if (next === undefined) return bare ? lines : [...lines, code(depth, '}')]
  if (no.length === 1 && next.kind === 'if' && !bare) return [...lines, ...ifLines(next, depth, '} else ')]
  if (bare) return [...lines, code(depth, 'else'), ...otherwise]
  return [...lines, code(depth, '} else {'), ...otherwise, code(depth, '}')]
}

/** The name of a routine with its parameters, as C writes a call. */
export const routineTitle = (routine: Routine): string =>
  callText(
    routine.name,
    routine.params.map((p) => p.name),
  )

/** The lines of a routine, not set yet: for pages that set them themselves. */
export const routineLines = (routine: Routine): readonly Line[] => blockLines(routine.body, 0)

/** One routine: a header with its file and the kernels it was read from, then its statements. */
export function listRoutine(routine: Routine, options: ListOptions = {}): string {
  const width = options.width ?? WIDTH
  const [title, read] = [`${routineTitle(routine)}  ${routine.file}`, `read: ${routine.read}`]
  const header =
    title.length + read.length + 2 <= width
      ? [`${title}  ${read}`]
      : [title, ...fold(read, width - 4).map((piece) => `    ${piece}`)]
  return `${header.join('\n')}\n${setLines(routineLines(routine), width)}`
}

/** The routines that statements call themselves, once for each call. */
export function calls(body: readonly Stmt[]): readonly Routine[] {
  return body.flatMap((s) => {
    switch (s.kind) {
      case 'call':
        return [s.routine]
      case 'if':
        return [...calls(s.then), ...calls(s.else)]
      case 'while':
      case 'for':
        return calls(s.body)
      case 'step':
      case 'let':
      case 'return':
      case 'break':
      case 'continue':
        return []
    }
  })
}

/**
 * A routine and every routine that it calls, depth first. A routine that is built anew for each
 * call, but reads the same, is one routine.
 */
export function routinesOf(routine: Routine): readonly Routine[] {
  const seen = new Map<string, Routine>()
  const visit = (r: Routine): void => {
    const text = listRoutine(r)
    if (seen.has(text)) return
    seen.set(text, r)
    calls(r.body).forEach(visit)
  }
  visit(routine)
  return [...seen.values()]
}

/** The listings of a routine and of each routine it calls, once each, a blank line between them. */
export const listTree = (routine: Routine, options: ListOptions = {}): string =>
  routinesOf(routine)
    .map((r) => listRoutine(r, options))
    .join('\n')
