/**
 * Hash-consed propositional terms. A term is a literal: twice the number of its node, plus one where
 * it is negated, so that negation costs nothing and equal terms are equal numbers. Building a term
 * simplifies it; what folds to a constant never reaches the solver.
 */
export type Lit = number

/** Node 0 is the constant. */
export const FALSE: Lit = 0
export const TRUE: Lit = 1

export type Node =
  | { readonly kind: 'const' }
  | { readonly kind: 'var'; readonly name: string }
  | { readonly kind: 'and'; readonly args: readonly Lit[] }
  | { readonly kind: 'iff'; readonly left: Lit; readonly right: Lit }
  | { readonly kind: 'ite'; readonly cond: Lit; readonly then: Lit; readonly else: Lit }

/** The nodes made so far. Grows only; literals of one store mean nothing in another. */
export interface Terms {
  readonly nodes: Node[]
  readonly byKey: Map<string, Lit>
}

export function newTerms(): Terms {
  return { nodes: [{ kind: 'const' }], byKey: new Map() }
}

export const not = (a: Lit): Lit => a ^ 1
export const constant = (value: boolean): Lit => (value ? TRUE : FALSE)
export const isConstant = (a: Lit): boolean => a <= TRUE
export const nodeOf = (a: Lit): number => a >> 1
export const isNegated = (a: Lit): boolean => (a & 1) === 1

function intern(terms: Terms, key: string, node: Node): Lit {
  const known = terms.byKey.get(key)
  if (known !== undefined) return known
  const made = terms.nodes.length * 2
  terms.nodes.push(node)
  terms.byKey.set(key, made)
  return made
}

/** The variable of that name; the same literal each time. The name must be an SMT-LIB simple symbol. */
export function variable(terms: Terms, name: string): Lit {
  return intern(terms, `v${name}`, { kind: 'var', name })
}

/** The arguments of a conjunction where the literal is one, else undefined. */
function conjuncts(terms: Terms, a: Lit): readonly Lit[] | undefined {
  if (isNegated(a)) return undefined
  const node = terms.nodes[nodeOf(a)]
  return node?.kind === 'and' ? node.args : undefined
}

/** Looking one level down is quadratic, and pays only on the small conjunctions that guards are made of. */
const LOOK_INSIDE_MAX = 6

/**
 * What is left of `set` when each member is looked at in the light of the others: a disjunction
 * already met is dropped, a conjunction that contradicts a member makes all false (undefined).
 */
function simplifyAmong(terms: Terms, set: ReadonlySet<Lit>): Lit[] | undefined {
  const kept: Lit[] = []
  for (const a of set) {
    const inner = conjuncts(terms, a)
    if (inner?.some((b) => set.has(not(b)))) return undefined
    const clause = conjuncts(terms, not(a))
    if (clause?.some((b) => set.has(not(b)))) continue
    kept.push(a)
  }
  return kept
}

export function and(terms: Terms, args: Iterable<Lit>): Lit {
  const set = new Set<Lit>()
  for (const a of args) {
    if (a === FALSE || set.has(not(a))) return FALSE
    if (a !== TRUE) set.add(a)
  }
  const kept = set.size <= LOOK_INSIDE_MAX ? simplifyAmong(terms, set) : [...set]
  if (kept === undefined) return FALSE
  const [only] = kept
  if (only === undefined) return TRUE
  if (kept.length === 1) return only
  kept.sort((a, b) => a - b)
  return intern(terms, `&${kept.join()}`, { kind: 'and', args: kept })
}

export function or(terms: Terms, args: Iterable<Lit>): Lit {
  const negated: Lit[] = []
  for (const a of args) negated.push(not(a))
  return not(and(terms, negated))
}

export const implies = (terms: Terms, a: Lit, b: Lit): Lit => or(terms, [not(a), b])

export function iff(terms: Terms, a: Lit, b: Lit): Lit {
  if (a === b) return TRUE
  if (a === not(b)) return FALSE
  if (isConstant(a)) return a === TRUE ? b : not(b)
  if (isConstant(b)) return b === TRUE ? a : not(a)
  // Kept with both sides positive and in order, so that all eight ways to write it are one node.
  const flip = (a & 1) ^ (b & 1)
  const left = Math.min(a & ~1, b & ~1)
  const right = Math.max(a & ~1, b & ~1)
  return intern(terms, `=${left},${right}`, { kind: 'iff', left, right }) ^ flip
}

export const xor = (terms: Terms, a: Lit, b: Lit): Lit => not(iff(terms, a, b))

export function ite(terms: Terms, cond: Lit, a: Lit, b: Lit): Lit {
  if (cond === TRUE || a === b) return a
  if (cond === FALSE) return b
  if (a === not(b)) return iff(terms, cond, a)
  if (a === TRUE || a === cond) return or(terms, [cond, b])
  if (a === FALSE || a === not(cond)) return and(terms, [not(cond), b])
  if (b === FALSE || b === cond) return and(terms, [cond, a])
  if (b === TRUE || b === not(cond)) return or(terms, [not(cond), a])
  if (isNegated(cond)) return ite(terms, not(cond), b, a)
  return intern(terms, `?${cond},${a},${b}`, { kind: 'ite', cond, then: a, else: b })
}
