/** The final condition of a litmus file, as an expression over the model. */
import { and, eq, isOneOf, literal, not, object, or, type Expr, type FieldAccess } from '../language/expr.ts'
import type { Cond, PageAtom, RegisterAtom, Value } from '../litmus/ast.ts'
import { Result } from '../mm/errno.ts'
import { isHuge } from '../mm/huge_memory.ts'
import { page, pmd, PRESENT_PTES, Pte, table } from '../mm/mm_types.ts'
import { mappingNamed, within, type World } from './place.ts'
import { hint, refuse } from './problem.ts'

/** Registers by `P0:r0`. */
export type Registers = ReadonlyMap<string, FieldAccess>

const PAGE_VALUES = [...Pte.values, 'present', 'huge'] as const

const textOf = (v: Value): string => (v.kind === 'number' ? String(v.value) : v.text)

export function condition(c: Cond, registers: Registers, world: World): Expr {
  switch (c.kind) {
    case 'or':
      return or(...c.args.map((a) => condition(a, registers, world)))
    case 'and':
      return and(...c.args.map((a) => condition(a, registers, world)))
    case 'not':
      return not(condition(c.arg, registers, world))
    case 'register':
      return compare(c, registerAtom(c, registers))
    case 'page':
      return compare(c, pageAtom(c, world))
  }
}

const compare = (atom: RegisterAtom | PageAtom, holds: Expr): Expr => (atom.comparison === '=' ? holds : not(holds))

function registerAtom(c: RegisterAtom, registers: Registers): Expr {
  const name = `P${c.thread.index}:${c.register.text}`
  const register = registers.get(name)
  if (register === undefined) refuse('MM108', `no register '${name}'`, c.span, hint(name, [...registers.keys()]))
  const value = textOf(c.value)
  if (!Result.values.includes(value))
    refuse(
      'MM108',
      `'${value}' is no result of an operation`,
      c.value.span,
      hint(
        value,
        Result.values.filter((v) => v !== 'unset'),
      ),
    )
  return eq(register(), literal(Result, value))
}

function pageAtom(c: PageAtom, world: World): Expr {
  const m = mappingNamed(world, c.name)
  within({ first: c.page, last: c.page, span: c.span }, m.pages, m.name)
  const pg = object('page', m.firstPage + c.page)
  const under = page.pmd(pg)
  const value = textOf(c.value)
  const entry = table.pte(pmd.table(under), page.slot(pg))
  const mapped = eq(pmd.kind(under), 'table')
  const huge = isHuge(pmd.kind(under))
  switch (value) {
    case 'huge':
      return huge
    case 'present':
      return or(huge, and(mapped, isOneOf(entry, ...PRESENT_PTES)))
    case 'none':
      return or(eq(pmd.kind(under), 'none'), and(mapped, eq(entry, 'none')))
    default:
      if (!Pte.values.includes(value))
        refuse('MM108', `a page is never '${value}'`, c.value.span, hint(value, PAGE_VALUES))
      return and(mapped, eq(entry, value))
  }
}
