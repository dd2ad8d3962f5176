/**
 * Terms as SMT-LIB 2 text. Every node is printed once, under a name of its own, so that the text is
 * linear in the number of nodes however much they share.
 */
import { TRUE, isConstant, isNegated, nodeOf, not } from './term.ts'
import type { Lit, Node, Terms } from './term.ts'

/** Remembers what the solver has been told already; each text continues the one before it. */
export interface Printer {
  readonly terms: Terms
  readonly printed: Set<number>
}

export function newPrinter(terms: Terms): Printer {
  return { terms, printed: new Set() }
}

const operands = (node: Node): readonly Lit[] => {
  switch (node.kind) {
    case 'const':
    case 'var':
      return []
    case 'and':
      return node.args
    case 'iff':
      return [node.left, node.right]
    case 'ite':
      return [node.cond, node.then, node.else]
  }
}

/** A literal by name. Only after `definitions` has covered it. */
export function nameOf(terms: Terms, lit: Lit): string {
  if (isConstant(lit)) return lit === TRUE ? 'true' : 'false'
  const node = terms.nodes[nodeOf(lit)]
  const name = node?.kind === 'var' ? node.name : `n${nodeOf(lit)}`
  return isNegated(lit) ? `(not ${name})` : name
}

function definition(terms: Terms, id: number, node: Node): string {
  const name = (lit: Lit): string => nameOf(terms, lit)
  switch (node.kind) {
    case 'const':
      return ''
    case 'var':
      return `(declare-const ${node.name} Bool)\n`
    case 'and':
      return `(define-fun n${id} () Bool (and ${node.args.map(name).join(' ')}))\n`
    case 'iff':
      return `(define-fun n${id} () Bool (= ${name(node.left)} ${name(node.right)}))\n`
    case 'ite':
      return `(define-fun n${id} () Bool (ite ${name(node.cond)} ${name(node.then)} ${name(node.else)}))\n`
  }
}

/** The declarations and definitions that these literals need and that were not printed before. */
export function definitions(printer: Printer, lits: Iterable<Lit>): string {
  const { terms, printed } = printer
  const out: string[] = []
  // An explicit stack: a chain of adders over many depths is deeper than the call stack allows.
  const stack = Array.from(lits, nodeOf).reverse()
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const node = terms.nodes[id]
    if (node === undefined || printed.has(id)) continue
    const missing = operands(node)
      .map(nodeOf)
      .filter((other) => !printed.has(other) && terms.nodes[other]?.kind !== 'const')
    if (missing.length > 0) {
      stack.push(id, ...missing.reverse())
      continue
    }
    printed.add(id)
    out.push(definition(terms, id, node))
  }
  return out.join('')
}

/** The conditions as they are asserted: conjunctions split, a disjunction as one clause. */
export function assertions(printer: Printer, lits: readonly Lit[]): string {
  const { terms } = printer
  const out: string[] = []
  const emit = (lit: Lit): void => {
    if (lit === TRUE) return
    const node = terms.nodes[nodeOf(lit)]
    if (node?.kind === 'and' && !isNegated(lit)) {
      node.args.forEach(emit)
      return
    }
    if (node?.kind === 'and') {
      const clause = node.args.map(not)
      out.push(definitions(printer, clause), `(assert (or ${clause.map((a) => nameOf(terms, a)).join(' ')}))\n`)
      return
    }
    if (node?.kind === 'iff' && !isNegated(lit)) {
      out.push(definitions(printer, [node.left, node.right]))
      out.push(`(assert (= ${nameOf(terms, node.left)} ${nameOf(terms, node.right)}))\n`)
      return
    }
    out.push(definitions(printer, [lit]), `(assert ${nameOf(terms, lit)})\n`)
  }
  lits.forEach(emit)
  return out.join('')
}
