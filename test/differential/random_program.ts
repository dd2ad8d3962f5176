/**
 * Small random programs over the language, for telling the lowering and the engines against a plain
 * interpreter. Every program is one that `lower` must accept and in which no value leaves its range.
 */
import fc from 'fast-check'
import { eq, object, old, or, type Expr, type Local } from '../../model/language/expr.ts'
import type { Program, ProgramProperty, Routine, ThreadProgram } from '../../model/language/routine.ts'
import type { Stmt } from '../../model/language/stmt.ts'
import { bool, type Type } from '../../model/language/types.ts'
import { randomExpr } from './random_expr.ts'
import { randomLocals, leaveStmt, randomStmt, type Callable, type Place } from './random_stmt.ts'
import { randomWorld, stateNames, type World } from './random_world.ts'
import { showProgram } from './show_program.ts'
import { holdsAtFirst } from './structured.ts'
import { tapeOf, type Tape } from './tape.ts'

/** The numbers that a program is built from, one list per part of it. */
interface Tapes {
  readonly world: readonly number[]
  readonly routines: readonly Block[]
  readonly threads: readonly Block[]
  readonly properties: readonly number[]
}
/** A routine's or a thread's declarations, and its statements. */
interface Block {
  readonly head: readonly number[]
  readonly body: readonly (readonly number[])[]
}

function labels(prefix: string): () => string {
  let next = 0
  return () => `${prefix}${next++}`
}

function randomRoutine(world: World, { head, body }: Block, number: number, callable: readonly Callable[]): Callable {
  const tape = tapeOf(head)
  const type = (): Type => tape.oneOf(world.types) ?? bool
  const params = Array.from({ length: tape.below(3) }, (_, i): Local => ({
    kind: 'local',
    type: type(),
    name: `p${i}`,
  }))
  const byReference = new Set(params.filter(() => tape.rarely(2)).map((p) => p.name))
  const locals = randomLocals(tape, [...world.types, ...params.map((p) => p.type)])
  const returns = tape.below(3) === 0 ? undefined : type()
  const place: Place = {
    world,
    locals: [...locals, ...params],
    writable: [...locals, ...params.filter((p) => byReference.has(p.name))],
    label: labels('s'),
    callable,
    inLoop: false,
    params,
    depth: 2,
    ...(returns === undefined ? {} : { returns }),
  }
  const stmts = body.flatMap((numbers) => randomStmt(tapeOf(numbers), place))
  const file = 'random.c'
  const routine: Routine = {
    name: `fn${number}`,
    file,
    read: 'nowhere',
    params,
    locals,
    body: [...stmts, leaveStmt(tape, place)],
    ...(returns === undefined ? {} : { returns }),
  }
  return { routine, byReference }
}

function randomThread(world: World, { head, body }: Block, t: number, callable: readonly Callable[]): ThreadProgram {
  const tape = tapeOf(head)
  const locals = randomLocals(tape, [...world.types, ...callable.flatMap((c) => c.routine.params.map((p) => p.type))])
  const place: Place = {
    world,
    locals,
    writable: locals,
    label: labels('t'),
    callable,
    inLoop: false,
    params: [],
    depth: 3,
  }
  const stmts = body.flatMap((numbers) => randomStmt(tapeOf(numbers), place))
  return { name: `P${t}`, daemon: tape.rarely(8), locals, body: stmts }
}

/** An expression that is true at the start, or nearly every program would be wrong from the start on. */
function trueAtFirst(tape: Tape, program: Program, world: World): Expr {
  const names = stateNames(world)
  const expr = or(randomExpr(tape, names, bool, 2), randomExpr(tape, names, bool, 2))
  return holdsAtFirst(program, expr) ? expr : { kind: 'not', type: bool, arg: expr }
}

function randomProperties(tape: Tape, program: Program, world: World): readonly ProgramProperty[] {
  const names = stateNames(world)
  const covers = Array.from({ length: 1 + tape.below(2) }, (_, i) => ({
    name: `c${i}`,
    expr: randomExpr(tape, names, bool, 3),
  }))
  const watched = tape.oneOf(world.fields)
  if (watched === undefined) throw new Error('a random world has fields')
  const element: Expr = {
    kind: 'field',
    type: watched.type,
    field: watched,
    index: watched.sets.map((s) => object(s, tape.below(world.sizes[s] ?? 1))),
  }
  // Holds wherever `element` stays, hence wherever nothing changes, as the language asks for.
  const stays = or(eq(old(element), element), randomExpr(tape, { ...names, old: true }, bool, 3))
  const invariant = trueAtFirst(tape, program, world)
  return tape.pick<readonly ProgramProperty[]>(
    [
      { name: 'Invariant', invariant, covers },
      { name: 'Step', step: stays, covers: [] },
      { name: 'Deadlock', deadlock: true, covers: [] },
      { name: 'Asserted', covers: [] },
    ],
    [
      { name: 'Both', invariant, step: stays, covers: [] },
      { name: 'Asserted', covers },
    ],
    [
      { name: 'Asserted', covers: [], deadlock: true, ...(tape.below(2) === 0 ? {} : { invariant, step: stays }) },
      { name: 'Invariant', invariant, covers },
    ],
    [
      { name: 'Deadlock', deadlock: true, covers },
      { name: 'Invariant', invariant, covers: [] },
      { name: 'Invariant2', invariant: trueAtFirst(tape, program, world), covers: [] },
      { name: 'Step', step: stays, covers: [] },
    ],
  )
}

/** Labels of steps and checks that may be left out: not the step that a loop needs. */
function droppable(body: readonly Stmt[], routine: string): readonly string[] {
  return body.flatMap((s): readonly string[] => {
    switch (s.kind) {
      case 'step':
        return [`${routine}.${s.label}`]
      case 'if':
        return [
          ...(s.check === undefined ? [] : [`${routine}.${s.check}`]),
          ...droppable(s.then, routine),
          ...droppable(s.else, routine),
        ]
      case 'while':
      case 'for':
        return droppable(s.body.slice(1), routine)
      case 'call':
        return droppable(s.routine.body, s.routine.name)
      case 'let':
      case 'return':
      case 'break':
      case 'continue':
        return []
    }
  })
}

function build(tapes: Tapes): Program {
  const tape = tapeOf(tapes.world)
  const world = randomWorld(tape, tapes.threads.length)
  const callable: Callable[] = []
  for (const [i, block] of tapes.routines.entries()) callable.push(randomRoutine(world, block, i, [...callable]))
  const threads = tapes.threads.map((block, t) => randomThread(world, block, t, callable))
  const bare: Program = {
    sizes: world.sizes,
    names: {},
    fields: [...world.fields, ...world.geometry],
    init: world.init,
    threads,
    properties: [],
    lifetimes: world.lifetimes,
    without: new Set(),
  }
  const last = tapeOf(tapes.properties)
  const names = stateNames(world)
  const properties = randomProperties(last, bare, world)
  const final = last.rarely(2) ? { final: randomExpr(last, names, bool, 2) } : {}
  const dropped = last.rarely(5) ? last.oneOf(threads.flatMap((t) => droppable(t.body, t.name))) : undefined
  return { ...bare, properties, ...final, without: new Set(dropped === undefined ? [] : [dropped]) }
}

/** A program that a failing test prints in full. */
export interface RandomProgram {
  readonly program: Program
  readonly [fc.toStringMethod]: () => string
}

const numbers = (maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 2 ** 16 }), { maxLength, size: 'max' })
const block = (statements: number): fc.Arbitrary<Block> =>
  fc.record({ head: numbers(60), body: fc.array(numbers(250), { minLength: 1, maxLength: statements, size: 'max' }) })

/** Enough for a program of a few lines; a tape is long, and could be shrunk for minutes. */
const SHRINKS_MAX = 4000

/** Without fast-check's bias to small numbers, which would make nearly all of a program simple. */
export const arbitraryProgram: fc.Arbitrary<RandomProgram> = fc
  .limitShrink(
    fc.noBias(
      fc.record({
        world: numbers(200),
        routines: fc.array(block(3), { maxLength: 3, size: 'max' }),
        threads: fc.array(block(5), { minLength: 2, maxLength: 3, size: 'max' }),
        properties: numbers(500),
      }),
    ),
    SHRINKS_MAX,
  )
  .map((tapes) => {
    const program = build(tapes)
    return { program, [fc.toStringMethod]: () => showProgram(program) }
  })
