import { render } from '../../model/language/expr.ts'
import type { Field, Local } from '../../model/language/expr.ts'
import { listRoutine, routinesOf } from '../../model/language/listing.ts'
import type { Program, Routine, ThreadProgram } from '../../model/language/routine.ts'
import { show, type Type } from '../../model/language/types.ts'

function showType(type: Type): string {
  switch (type.kind) {
    case 'bool':
      return 'bool'
    case 'int':
      return `int ${type.lo}..${type.hi}`
    case 'enum':
      return `enum ${type.name}`
    case 'flags':
      return `flags ${type.name}`
    case 'ref':
      return `${type.nonNil ? '&' : '*'}${type.set}`
    case 'subset':
      return `set of ${type.set}`
  }
}

const showField = (f: Field): string =>
  `  ${f.role} ${f.name}${f.sets.map((s) => `[${s}]`).join('')}: ${showType(f.type)} = ${show(f.type, f.initial)}`
const showLocals = (list: readonly Local[]): string => list.map((l) => `${l.name}: ${showType(l.type)}`).join(', ')

/** A thread's body, listed as a routine is. */
const asRoutine = (t: ThreadProgram): Routine => ({
  name: t.name,
  file: t.daemon ? '(daemon)' : '',
  read: 'thread',
  params: [],
  locals: t.locals,
  body: t.body,
})

function showRoutine(r: Routine): string {
  const returns = r.returns === undefined ? '' : ` returns ${showType(r.returns)}`
  return `${listRoutine(r)}    (${showLocals(r.params)})${returns}; locals ${showLocals(r.locals)}`
}

/** A whole program as a person reads it. */
export function showProgram(p: Program): string {
  const routines = p.threads.flatMap((t) => routinesOf(asRoutine(t)))
  const seen = new Map(routines.map((r) => [r.name, r]))
  const sizes = Object.entries(p.sizes).map(([set, n]) => `${set}: ${n}`)
  const properties = p.properties.flatMap((x) => [
    ...(x.invariant === undefined ? [] : [`  ${x.name}: always ${render(x.invariant)}`]),
    ...(x.step === undefined ? [] : [`  ${x.name}: each step ${render(x.step)}`]),
    ...(x.deadlock === undefined ? [] : [`  ${x.name}: no deadlock`]),
    ...x.covers.map((c) => `  ${x.name}: reach ${c.name}: ${render(c.expr)}`),
  ])
  return [
    '',
    `sets ${sizes.join(', ')}`,
    'variables',
    ...p.fields.map(showField),
    ...p.init.map(({ target, value }) => `  at first ${render(target)} = ${show(target.type, value)}`),
    ...p.lifetimes.map((l) => `  lifetime of ${l.set}: ${l.property}`),
    ...[...seen.values()].map(showRoutine),
    'properties',
    ...properties,
    ...(p.final === undefined ? [] : [`  final ${render(p.final)}`]),
    ...(p.without.size === 0 ? [] : [`without ${[...p.without].join(', ')}`]),
    '',
  ].join('\n')
}
