/** A scenario: one litmus file on one kernel, ready to have properties attached and be lowered. */
import type { Program } from '../language/routine.ts'
import { findKernel, KERNELS, type Kernel } from '../kernels/kernels.ts'
import type { Diagnostic } from '../litmus/diagnostic.ts'
import type { Final, KernelLine, LitmusFile } from '../litmus/ast.ts'
import type { Build } from '../mm/build.ts'
import { ne } from '../language/expr.ts'
import type { FieldAccess } from '../language/expr.ts'
import { FRAME_FIELDS } from '../mm/frame_types.ts'
import { MM_FIELDS, table } from '../mm/mm_types.ts'
import { condition } from './condition.ts'
import { Problem, hint, refuse } from './problem.ts'
import { buildThreads, operationOf } from './threads.ts'
import { buildWorld } from './world.ts'
import type { World } from './place.ts'

export interface Scenario {
  readonly name: string
  readonly kernel: Kernel
  /** Labels left out, as `routine.label`, in the order of the file. */
  readonly without: readonly string[]
  readonly file: LitmusFile
  readonly world: World
  readonly registers: ReadonlyMap<string, FieldAccess>
  readonly quantifier?: Final['quantifier']
  /** Without properties: the properties/ folder adds them. */
  readonly program: Program
}

export type Elaborated =
  | { readonly ok: true; readonly scenarios: readonly Scenario[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/**
 * One scenario per kernel that the file names (or per kernel in `kernels`, which replaces them).
 * Mistakes come back as diagnostics; nothing is thrown for any input.
 */
export function elaborate(file: LitmusFile, kernels?: readonly KernelLine[]): Elaborated {
  try {
    const scenarios = (kernels ?? file.kernels).flatMap((line) =>
      line.names.map((name) => {
        const kernel = findKernel(name.text)
        if (kernel === undefined) {
          // Of names as near, the newest kernel is meant.
          const known = KERNELS.map((k) => k.name).reverse()
          return refuse('MM101', `unknown kernel '${name.text}'`, name.span, hint(name.text, known))
        }
        return build(
          file,
          kernel,
          line.without.map((w) => w.text),
        )
      }),
    )
    return { ok: true, scenarios }
  } catch (e) {
    if (e instanceof Problem) return { ok: false, diagnostics: [e.diagnostic] }
    throw e
  }
}

/** How many VMAs the operations may need beyond those that are there, by the last mapping that each names. */
function vmasNeeded(file: LitmusFile): ReadonlyMap<string, number> {
  const needed = new Map<string, number>()
  for (const s of file.threads.flatMap((t) => t.stmts)) {
    const last = s.args.filter((a) => a.kind !== 'number').at(-1)
    const more = operationOf(s).vmas ?? 0
    for (const name of more > 0 ? s.args.flatMap((a) => (a.kind === 'number' ? [] : [a.name.text])) : [])
      needed.set(name, (needed.get(name) ?? 0) + (name === last?.name.text ? more : 2))
  }
  return needed
}

/** What userfaultfd makes of faults, where anything is registered with it. */
function uffdOf({ threads, decls }: LitmusFile): Build['uffd'] {
  if (!threads.some((t) => t.stmts.some((s) => s.op.text === 'uffd_register'))) return undefined
  return decls.some((d) => d.kind === 'setting' && d.name.text === 'uffd_waits') ? 'waits' : 'sigbus'
}

function build(file: LitmusFile, kernel: Kernel, without: readonly string[]): Scenario {
  const ops = file.threads.map((t) => t.stmts.map(operationOf))
  const retired = ops.flat().reduce((n, op) => n + (op.unlinks ?? 0), 0)
  const makers = ops.filter((list) => list.some((op) => op.makesNoTable !== true)).length
  const threads = file.threads.map((t) => `P${t.thread.index}`)
  const world = buildWorld(file.decls, { threads, retired, makers, vmas: vmasNeeded(file), has: kernel.has }, file.span)
  const uffd = uffdOf(file)
  const k: Build = {
    has: kernel.has,
    oom: world.oom,
    thp: world.thp,
    ...(world.io ? { io: true } : {}),
    ...(ops.flat().some((op) => op.reusesVma === true) ? { reuse: true } : {}),
    ...(world.frames === undefined ? {} : { frames: true }),
    ...(world.frames === undefined || world.frames.large.length === 0 ? {} : { large: world.frames.large }),
    ...(uffd === undefined ? {} : { uffd }),
  }
  const { programs, registers } = buildThreads(file.threads, world, k)
  const program: Program = {
    sizes: world.sizes,
    names: world.names,
    fields: [...MM_FIELDS, ...(world.frames === undefined ? [] : FRAME_FIELDS), ...registers.values()].map(
      (f) => f.decl,
    ),
    init: world.init,
    threads: programs,
    properties: [],
    lifetimes: [
      {
        set: 'table',
        property: 'NoUseAfterFree',
        live: (t) => ne(table.state(t), 'free'),
        exempt: [table.state.decl, table.grace.decl],
      },
    ],
    without: new Set(without),
    ...(file.final === undefined ? {} : { final: condition(file.final.cond, registers, world) }),
  }
  return {
    name: file.name.text,
    kernel,
    without,
    file,
    world,
    registers,
    program,
    ...(file.final === undefined ? {} : { quantifier: file.final.quantifier }),
  }
}

/** The scenario with more left out, or with mutations (model/language/mutate/name.ts). */
export const withLeftOut = (s: Scenario, more: readonly string[]): Scenario => {
  const without = [...s.without, ...more]
  return { ...s, without, program: { ...s.program, without: new Set(without) } }
}

/** The scenario of a file on a kernel that need not have a name; undefined where the file cannot be had on it. */
export function scenarioOf(file: LitmusFile, kernel: Kernel, without: readonly string[]): Scenario | undefined {
  try {
    return build(file, kernel, without)
  } catch (e) {
    if (e instanceof Problem) return undefined
    throw e
  }
}
