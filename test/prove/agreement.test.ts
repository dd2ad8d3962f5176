import { describe, expect, it } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import { lower, type Lowered } from '../../model/language/lower/lower.ts'
import { successors, type State } from '../../solver/reference/interpreter.ts'
import { finiteOf, successorsOf, type Finite } from '../../solver/prove/finite.ts'
import { withoutBooks } from '../../solver/prove/books.ts'
import { instanceOf, type Core } from '../../solver/prove/core.ts'
import { systemOf } from '../../solver/prove/inline.ts'
import { pc } from '../../solver/prove/system.ts'

/** Where each slot of the lowered model lies in the system's state, and what each program counter value is called there. */
interface Correspondence {
  /** By slot: the place, and whether it is a local that may have been set back to its first value. */
  readonly places: readonly (number | undefined)[]
  readonly label: (thread: number, value: number) => number
}

function correspondence(lowered: Lowered, finite: Finite): Correspondence {
  const { model } = lowered
  const places: (number | undefined)[] = model.slots.map(() => undefined)
  for (const f of finite.system.fields) {
    const from = lowered.base.get(f.name)
    const to = finite.base.get(f.name)
    if (from === undefined || to === undefined) continue
    const n = f.sets.reduce((m, s) => m * (finite.sizes[s] ?? 0), 1)
    for (let i = 0; i < n; i++) places[from + i] = to + i
  }
  const seen = new Map<string, number>()
  /** Locals of the body that many run, by name: those of the other body come after them. */
  const many = new Map<string, number>()
  model.slots.forEach((s, i) => {
    if (s.kind !== 'local' || s.thread === undefined) return
    const own = s.name.slice(s.name.indexOf('.') + 1).replace(/^P\d+\./, 'user.')
    const isLast = s.thread === model.threads.length - 1
    const nth = (seen.get(s.name) ?? (isLast ? (many.get(own) ?? 0) : 0)) + 1
    seen.set(s.name, nth)
    if (!isLast) many.set(own, nth)
    const base = finite.base.get(nth === 1 ? own : `${own}#${nth}`)
    if (base === undefined) throw new Error(`the system has no local '${own}'`)
    places[i] = base + s.thread
  })
  const byName = new Map(finite.system.labels.map((l, i) => [`${l.program} ${l.name}`, i + 1]))
  const label = (thread: number, value: number): number => {
    const step = model.steps.find((s) => s.thread === thread && s.pc === value)
    const program = thread === model.threads.length - 1 ? 1 : 0
    const found = byName.get(`${program} ${step?.label ?? ''}`)
    if (found === undefined) throw new Error(`the system has no label '${step?.label ?? ''}'`)
    return found
  }
  return { places, label }
}

function translate(lowered: Lowered, finite: Finite, c: Correspondence, state: State): number[] {
  const out = finite.initial.slice()
  lowered.model.slots.forEach((_, i) => {
    const to = c.places[i]
    if (to !== undefined) out[to] = state[i] ?? 0
  })
  const at = finite.base.get(pc.decl.name) ?? 0
  lowered.model.threads.forEach((t, thread) => {
    out[at + thread] = c.label(thread, state[t.pcSlot] ?? 0)
  })
  return out
}

/** The same state, but for locals that the lowering has set back because nobody reads them again. */
function alike(
  lowered: Lowered,
  c: Correspondence,
  real: State,
  ours: readonly number[],
  expected: readonly number[],
): boolean {
  const { slots } = lowered.model
  return (
    slots.every((s, i) => {
      const at = c.places[i]
      if (at === undefined) return true
      return ours[at] === real[i] || (s.kind === 'local' && real[i] === s.init)
    }) && expected.every((v, i) => ours[i] === v || c.places.includes(i))
  )
}

/** Random walks of the lowered model, each of whose states has the same successors in the system. */
function compare(
  core: Core,
  kernelName: string,
  walks: number,
  depth: number,
): { transitions: number; labels: number } {
  const kernel = findKernel(kernelName)
  if (kernel === undefined) throw new Error(kernelName)
  const instance = instanceOf(core, kernel, { threads: 2, pages: 2, tables: 3 })
  const system = systemOf(
    instance.program,
    [instance.user, ...instance.singles],
    new Set(instance.singles.map((t) => t.name)),
  )
  const finite = finiteOf(system, instance.program)
  const lowered = lower(instance.program)
  const c = correspondence(lowered, finite)
  const next = successorsOf(finite)
  const at = finite.base.get(pc.decl.name) ?? 0
  const turns = new Set(system.labels.flatMap((l, i) => (l.kind === 'turn' ? [i + 1] : [])))
  const settled = (state: readonly number[], thread: number): readonly (readonly number[])[] => {
    const out: (readonly number[])[] = []
    const todo = [...next([...state], thread)]
    for (let s = todo.pop(); s !== undefined; s = todo.pop())
      if (turns.has(s[at + thread - 1] ?? 0)) todo.push(...next(s, thread))
      else out.push(s)
    return out
  }
  let seed = 7
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return Math.floor((seed / 0x80000000) * n)
  }
  let transitions = 0
  const reached = new Set<string>()
  const threads = lowered.model.threads.length
  for (let w = 0; w < walks; w++) {
    let state: State = lowered.model.slots.map((s) => s.init)
    for (let d = 0; d < depth; d++) {
      const all = successors(lowered.model, state)
      if (all.length === 0) break
      const start = translate(lowered, finite, c, state)
      for (let thread = 0; thread < threads; thread++) {
        const real = all.filter((s) => lowered.model.steps[s.move.step]?.thread === thread).map((s) => s.state)
        const ours = settled(start, thread + 1)
        expect(ours.length).toBe(real.length)
        for (const r of real) {
          const wanted = translate(lowered, finite, c, r)
          const pcs = Array.from({ length: threads }, (_, t) => at + t)
          const found = ours.some((o) => pcs.every((p) => o[p] === wanted[p]) && alike(lowered, c, r, o, wanted))
          if (!found)
            throw new Error(`no such step: ${kernelName} ${lowered.model.steps[all[0]?.move.step ?? 0]?.label ?? ''}`)
          transitions++
        }
      }
      const taken = all[random(all.length)]
      if (taken === undefined) break
      reached.add(lowered.model.steps[taken.move.step]?.label ?? '')
      state = taken.state
    }
  }
  return { transitions, labels: reached.size }
}

describe('the system of a proof', () => {
  const shmem: Core = {
    name: 'shmem',
    world: 'shmem',
    operations: ['guard_install', 'guard_remove', 'dontneed', 'read', 'collapse'],
    without: [],
  }
  it.each(['v7.0', 'v6.15', 'maybe-guard-v2'])('makes exactly the steps of the lowered model: %s', (kernel) => {
    const { transitions, labels } = compare(shmem, kernel, 4, 150)
    expect(transitions).toBeGreaterThan(1000)
    expect(labels).toBeGreaterThan(50)
  })

  const forked: Core = {
    name: 'fork',
    world: 'shmem',
    operations: ['guard_install', 'guard_remove'],
    without: [],
    forks: { books: [] },
  }
  it('makes exactly the steps of the lowered model where one thread forks', () => {
    const { transitions, labels } = compare(forked, 'v7.0', 6, 200)
    expect(transitions).toBeGreaterThan(1000)
    expect(labels).toBeGreaterThan(50)
  })

  const merged: Core = {
    name: 'VMAs merged',
    world: 'shmem',
    operations: ['guard_install', 'madvise_dontfork', 'collapse'],
    without: [],
    vmas: 3,
  }
  it('makes exactly the steps of the lowered model where VMAs are split and merged', () => {
    const { transitions, labels } = compare(merged, 'v6.18', 6, 300)
    expect(transitions).toBeGreaterThan(1000)
    expect(labels).toBeGreaterThan(50)
  })

  it('has the same runs without its books', () => {
    const kernel = findKernel('v7.0')
    if (kernel === undefined) throw new Error('v7.0')
    const { program, user, singles } = instanceOf(forked, kernel, { threads: 2, pages: 2, tables: 3 })
    const system = systemOf(program, [user, ...singles], new Set(singles.map((t) => t.name)))
    const [whole, lean] = [finiteOf(system, program), finiteOf(withoutBooks(system, []), program)]
    expect(lean.width).toBeLessThan(whole.width)
    const from = [...lean.system.fields, ...lean.system.locals, pc.decl].flatMap((f) => {
      const base = whole.base.get(f.name)
      const n = f.sets.reduce((m, s) => m * (whole.sizes[s] ?? 0), 1)
      return base === undefined || !lean.base.has(f.name) ? [] : Array.from({ length: n }, (_, i) => base + i)
    })
    const projected = (s: readonly number[]): readonly number[] => from.map((i) => s[i] ?? 0)
    expect(projected(whole.initial)).toEqual(lean.initial)
    const [all, some] = [successorsOf(whole), successorsOf(lean)]
    let state = whole.initial
    let seed = 3
    let compared = 0
    for (let d = 0; d < 600; d++) {
      const next = Array.from({ length: whole.threads }, (_, t) => all(state, t + 1))
      next.forEach((list, t) => {
        expect(some([...projected(state)], t + 1)).toEqual(list.map(projected))
        compared += list.length
      })
      const taken = next.flat()
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      state = taken[Math.floor((seed / 0x80000000) * taken.length)] ?? state
    }
    expect(compared).toBeGreaterThan(1000)
  })
})
