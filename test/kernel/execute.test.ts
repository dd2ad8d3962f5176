/** Operations run in place against the reference interpreter: the same ends, from the same starts. */
import { expect, test } from 'vitest'
import { newExecutor, type Enabled, type Slots } from '../../kernel/sequences/execute.ts'
import { newStage } from '../../kernel/sequences/stage.ts'
import { WORLDS } from '../../kernel/sequences/worlds.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { initialState, successors, type State } from '../../solver/reference/interpreter.ts'

const STEPS_MAX = 20_000
/** Kinds of slots that are carried on. */
const KEPT: readonly string[] = ['shared', 'lock', 'ghost']

/** Every state that a depth-first walk of the interpreter ends in; daemons run where nobody else can. */
function endsOf(model: LoweredModel, start: State): ReadonlySet<string> {
  const daemon = (step: number): boolean =>
    model.threads[model.steps.find((s) => s.id === step)?.thread ?? -1]?.daemon === true
  const ends = new Set<string>()
  const met = new Set<string>()
  const open = [start]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const next = successors(model, state)
    const users = next.filter((s) => !daemon(s.move.step))
    const later = users.length > 0 ? users : next
    if (later.length === 0) ends.add(state.join())
    for (const s of later) {
      const key = s.state.join()
      if (!met.has(key)) open.push(s.state)
      met.add(key)
    }
  }
  return ends
}

/** The same by the executor; `forks` counts where it had a choice. */
function ends(model: LoweredModel, start: State): { readonly ends: ReadonlySet<string>; readonly forks: number } {
  const { advance, run } = newExecutor(model)
  const found = new Set<string>()
  const met = new Set<string>()
  const open: Slots[] = [Int32Array.from(start)]
  let forks = 0
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const next: readonly Enabled[] = [...advance(state, STEPS_MAX)]
    if (next.length === 0) found.add(state.join())
    else forks++
    for (const e of next) {
      const later = state.slice()
      run(e, later)
      if (!met.has(later.join())) open.push(later)
      met.add(later.join())
    }
  }
  return { ends: found, forks }
}

/** What is done one after the other, by world: small tables and large ones, files and none, a child, userfaultfd. */
const SEQUENCES: Readonly<Record<string, readonly string[]>> = {
  'anon-private': ['write(a[0])', 'guard_install(a[0..1])', 'dontneed(a[0..2])', 'read(a[0])', 'read(a[2])'],
  'anon-private-fork': ['write(a[0])', 'fork(B)', 'write(a[0])', 'read(b[0])', 'exit(B)'],
  'anon-private-vmas': ['write(a[0])', 'mprotect(a[0], r)', 'mprotect(a[0], rw)', 'pageout(a[0])', 'munmap(a[1])'],
  'memfd-huge': ['write(a[0])', 'madvise_collapse(a)', 'guard_install(a[0])', 'collapse(f)', 'read(a[1])'],
  'memfd-shared-uffd-wp': ['write(a[0])', 'uffd_register(a, wp)', 'uffd_protect(a[0])', 'write(a[0])'],
}

test('an operation after another ends as the reference interpreter says', () => {
  const kernel = findKernel('v6.18.37')
  if (kernel === undefined) throw new Error('no kernel')
  let forks = 0
  for (const [name, texts] of Object.entries(SEQUENCES)) {
    const w = WORLDS.find((x) => x.name === name)
    const scenario = w === undefined ? undefined : newStage(w, { kernel, without: [] }).scenario
    if (w === undefined || scenario === undefined) throw new Error(name)
    let values: readonly number[] = []
    for (const text of texts) {
      const o = w.vocabulary.find((x) => x.text === text)
      if (o === undefined) throw new Error(`${name}: ${text}`)
      const { model } = lower(scenario(o).program, { deadLocals: 'kept' })
      // The shared variables of an end are the start of the next operation.
      const start = initialState(model).map((v, slot) =>
        KEPT.includes(model.slots[slot]?.kind ?? '') ? (values[slot] ?? v) : v,
      )
      const wanted = endsOf(model, start)
      const mine = ends(model, start)
      expect(wanted.size).toBeGreaterThan(0)
      expect(mine.ends).toEqual(wanted)
      forks += mine.forks
      values = [...wanted].sort()[0]?.split(',').map(Number) ?? []
    }
  }
  // Some of them chooses, as whether a page is reused or copied.
  expect(forks).toBeGreaterThan(0)
})
