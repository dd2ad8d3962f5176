/** SMT-LIB terms as text, folded as they are made; and the values of the language as such terms. */
export type Term = string

export const TRUE: Term = 'true'
export const FALSE: Term = 'false'
export const truth = (value: boolean): Term => (value ? TRUE : FALSE)
export const quoted = (name: string): Term => `|${name.replace(/[|\\]/g, '/')}|`

export function not(a: Term): Term {
  if (a === TRUE) return FALSE
  if (a === FALSE) return TRUE
  return a.startsWith('(not ') ? a.slice(5, -1) : `(not ${a})`
}
export function and(...args: readonly Term[]): Term {
  const kept = [...new Set(args)].filter((a) => a !== TRUE)
  if (kept.some((a) => a === FALSE || kept.includes(not(a)))) return FALSE
  if (kept.length === 0) return TRUE
  return kept.length === 1 ? (kept[0] ?? TRUE) : `(and ${kept.join(' ')})`
}
export function or(...args: readonly Term[]): Term {
  const kept = [...new Set(args)].filter((a) => a !== FALSE)
  if (kept.some((a) => a === TRUE || kept.includes(not(a)))) return TRUE
  if (kept.length === 0) return FALSE
  return kept.length === 1 ? (kept[0] ?? FALSE) : `(or ${kept.join(' ')})`
}
export const implies = (a: Term, b: Term): Term => {
  if (a === TRUE) return b
  if (a === FALSE || b === TRUE) return TRUE
  return b === FALSE ? not(a) : `(=> ${a} ${b})`
}
export function ite(cond: Term, a: Term, b: Term): Term {
  if (cond === TRUE || a === b) return a
  if (cond === FALSE) return b
  if (a === TRUE && b === FALSE) return cond
  if (a === FALSE && b === TRUE) return not(cond)
  if (a === TRUE) return or(cond, b)
  if (a === FALSE) return and(not(cond), b)
  if (b === TRUE) return or(not(cond), a)
  if (b === FALSE) return and(cond, a)
  return `(ite ${cond} ${a} ${b})`
}

/** Constants of a datatype begin with this, so that two different ones are known to differ. */
const CONSTANT = /^\|=[^|]*\|$|^\d+$/
export const constantName = (text: string): Term => quoted(`=${text}`)

export function equal(a: Term, b: Term): Term {
  if (a === b) return TRUE
  if (CONSTANT.test(a) && CONSTANT.test(b)) return FALSE
  if (a === TRUE) return b
  if (b === TRUE) return a
  if (a === FALSE) return not(b)
  if (b === FALSE) return not(a)
  return a < b ? `(= ${a} ${b})` : `(= ${b} ${a})`
}

export type Value =
  | { readonly kind: 'bool'; readonly term: Term }
  /** An object, a value of an enumeration, or a number. */
  | { readonly kind: 'one'; readonly term: Term }
  | { readonly kind: 'flags'; readonly bits: readonly Term[] }
  /** A set of objects, by its membership test. */
  | { readonly kind: 'subset'; readonly has: (object: Term) => Term }

export function choose(cond: Term, a: Value, b: Value): Value {
  if (cond === TRUE) return a
  if (cond === FALSE) return b
  switch (a.kind) {
    case 'bool':
      return b.kind === 'bool' ? { kind: 'bool', term: ite(cond, a.term, b.term) } : mixed()
    case 'one':
      return b.kind === 'one' ? { kind: 'one', term: ite(cond, a.term, b.term) } : mixed()
    case 'flags':
      return b.kind === 'flags'
        ? { kind: 'flags', bits: a.bits.map((x, i) => ite(cond, x, b.bits[i] ?? FALSE)) }
        : mixed()
    case 'subset':
      return b.kind === 'subset' ? { kind: 'subset', has: (x) => ite(cond, a.has(x), b.has(x)) } : mixed()
  }
}

function mixed(): never {
  throw new Error('two values of different kinds')
}
