/** Final conditions of litmus files, asked of what a real kernel did. */
import type { Cond } from '../../model/litmus/ast.ts'
import type { RaceOutcome } from '../../kernel/race/outcome.ts'

/** Whether an outcome of the kernel meets a condition; of entries it knows whether they are guards. */
export function meets(c: Cond, o: RaceOutcome): boolean {
  switch (c.kind) {
    case 'and':
      return c.args.every((a) => meets(a, o))
    case 'or':
      return c.args.some((a) => meets(a, o))
    case 'not':
      return !meets(c.arg, o)
    case 'register': {
      const seen = o.registers.find((r) => r.name === `P${c.thread.index}:${c.register.text}`)?.value
      return (seen === (c.value.kind === 'number' ? String(c.value.value) : c.value.text)) === (c.comparison === '=')
    }
    case 'page': {
      const guard = o.pages.find((p) => p.name === `${c.name.text}[${c.page}]`)?.guard
      return guard === (c.value.kind === 'symbol' && c.value.text === 'guard') || c.comparison !== '='
    }
  }
}
