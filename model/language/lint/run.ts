/** Carries out one step on what is known, and follows every way that it can go. */
import type { LStmt, LTarget, Slot } from '../lowered.ts'
import type { StepContext } from './context.ts'
import { canonical, type State } from './canonical.ts'
import { joinStates } from './join.ts'
import { applyNotes, checkWaits, isNote, letGo, operationAt, take } from './locks.ts'
import type { Needs, Noted } from './needs.ts'
import { assume, cases, fork, freshSymbol, settle, type Path } from './path.ts'
import { placeOf, type Place } from './places.ts'
import { symbolsOf } from './residual.ts'
import { countWrite, isCounted, keepSticky, remember, resolve } from './shared.ts'

/** The states that a step can lead to. Reports what breaks a rule on the way. */
export function runStep(ctx: StepContext, from: State): readonly State[] {
  const path = fork(from.path)
  for (const c of ctx.step.choices) path.locals.set(c.slot, freshSymbol(path, c.lo, c.hi))
  if (!checkWaits(ctx, path, (e) => resolve(ctx, path, e, false))) return []
  path.notes = ctx.info.lockOps.filter(isNote).map((op) => op.index.map((i) => resolve(ctx, path, i, false)))
  const able = merged(ctx, assume(path, resolve(ctx, path, ctx.step.guard, true), true), ctx.body.before)
  const ends = new Map<string, State>()
  for (const end of runAll(ctx, ctx.body.stmts, able)) {
    applyNotes(ctx, end)
    checkGrain(ctx, end)
    keepSticky(ctx, end)
    forgetUnnamed(ctx, end)
    const state = betweenSteps(end, ctx.slots)
    ends.set(state.key, state)
  }
  return [...ends.values()]
}

/** What of a path is known between two steps. */
export function betweenSteps(path: Path, slots: readonly Slot[]): State {
  path.memory.clear()
  path.unprotected.clear()
  return canonical(path, NOTHING, slots)
}
export const NOTHING: Needs = { fields: new Set(), dead: new Set() }

/** So few paths are not worth comparing. */
const FEW = 4
/** Paths of one shape that are kept apart within a step. */
const APART_MAX = 4

/** Paths that differ in nothing that the rest of the step, or a later one, asks are one. */
function merged(ctx: StepContext, paths: readonly Path[], needs: Needs): readonly Path[] {
  if (paths.length < FEW) return paths
  const shapes = new Map<string, Map<string, State>>()
  for (const p of paths) {
    const state = canonical(p, needs, ctx.slots)
    const alike = shapes.get(state.shape)
    if (alike === undefined) shapes.set(state.shape, new Map([[state.key, state]]))
    else alike.set(state.key, state)
  }
  return [...shapes.values()].flatMap((alike) => {
    const states = [...alike.values()]
    if (states.length <= APART_MAX) return states.map((s) => s.path)
    return [states.reduce((a, b) => joinStates(a, b, ctx.slots, needs)).path]
  })
}

/**
 * Of locks that a thread may hold any number of, those whose object no local names any more are
 * forgotten: no later step can be told to touch that object.
 */
function forgetUnnamed(ctx: StepContext, path: Path): void {
  const many = (ctx.rules.nests ?? []).filter((n) => n.text === undefined).map((n) => n.lock)
  if (!path.held.some((h) => many.includes(h.lock.name))) return
  const named = new Set([...path.locals.values()].flatMap((v) => [...symbolsOf(settle(path, v))]))
  path.held = path.held.filter(
    (h) =>
      h.mode === 'read' ||
      !many.includes(h.lock.name) ||
      h.index.every((i) => [...symbolsOf(settle(path, i))].every((symbol) => named.has(symbol))),
  )
}

function checkGrain(ctx: StepContext, path: Path): void {
  if (path.unprotected.size < 2 || ctx.step.atomic !== undefined) return
  const names = [...new Set([...path.unprotected.values()].map((u) => u.place.field.name))].sort().join(', ')
  ctx.report(
    'ML006',
    ctx.step.label,
    `makes ${path.unprotected.size} unprotected shared accesses (${names}) in one step, without a reason`,
  )
}

const runAll = (ctx: StepContext, stmts: readonly Noted[], paths: readonly Path[]): readonly Path[] =>
  stmts.reduce<readonly Path[]>(
    (now, s) =>
      merged(
        ctx,
        now.flatMap((p) => run(ctx, s, p)),
        s.after,
      ),
    paths,
  )

function run(ctx: StepContext, noted: Noted, path: Path): readonly Path[] {
  const s = noted.stmt
  switch (s.kind) {
    case 'assert':
      return [path]
    case 'if': {
      const cond = resolve(ctx, path, s.cond, true)
      if (cond.kind === 'const') return runAll(ctx, cond.value === 0 ? noted.else : noted.then, [path])
      if (isQuiet(ctx, noted, path)) return [path]
      const other = fork(path)
      return [
        ...runAll(ctx, noted.then, assume(path, cond, true)),
        ...runAll(ctx, noted.else, assume(other, cond, false)),
      ]
    }
    case 'set':
      return store(ctx, s, noted.after, path)
  }
}

/** Whether neither branch does anything that the linter would keep. */
const isQuiet = (ctx: StepContext, { touches }: Noted, path: Path): boolean =>
  touches !== undefined && [...touches].every((name) => isCounted(ctx, path, name))

function store(ctx: StepContext, s: Extract<LStmt, { kind: 'set' }>, after: Needs, path: Path): readonly Path[] {
  const { target } = s
  if (target.kind === 'slot' && target.slot === ctx.pcSlot) {
    if (s.value.kind === 'const') path.pc = s.value.value
    return [path]
  }
  if (target.kind === 'slot' && ctx.isLocal(target.slot)) {
    const { slot } = target
    const hi = ctx.slots[slot]?.hi ?? 0
    // No run leaves the range of a local: a counter goes no further than what it counts.
    const counts = (p: Path): boolean => {
      const value = p.locals.get(slot)
      return value?.kind !== 'const' || value.value <= hi
    }
    return withCases(ctx, path, s, slot, (p, value) => {
      if (value.kind === 'const' && value.value === ctx.slots[slot]?.init) p.locals.delete(slot)
      else p.locals.set(slot, value)
    }).filter(counts)
  }
  const to = placeTo(ctx, path, target)
  if (to === undefined) return [path]
  switch (to.field.kind) {
    case 'lock':
      return storeLock(ctx, path, to, s) ? [path] : []
    case 'ghost':
      remember(path, to, freshOf(ctx, path, to))
      return [path]
    case 'shared':
    case 'register':
    case 'local':
    case 'pc':
      // What nobody reads again in this step need not be told apart.
      if (!after.fields.has(to.field.name) && ctx.rules.fields[to.field.name]?.clear === undefined) {
        const value = resolve(ctx, path, s.value, true)
        countWrite(ctx, path, to, value)
        for (const [key, m] of path.memory) if (m.place.field === to.field) path.memory.delete(key)
        return [path]
      }
      return withCases(ctx, path, s, to.slot, (p, value) => {
        countWrite(ctx, p, to, value)
        remember(p, to, value)
      })
  }
}

function withCases(
  ctx: StepContext,
  path: Path,
  s: Extract<LStmt, { kind: 'set' }>,
  slot: number,
  then: (p: Path, value: ReturnType<typeof settle>) => void,
): readonly Path[] {
  const { lo, hi } = ctx.slots[slot] ?? { lo: 0, hi: 0 }
  return cases(path, resolve(ctx, path, s.value, true), lo, hi).map(({ path: p, value }) => {
    then(p, settle(p, value))
    return p
  })
}

function placeTo(ctx: StepContext, path: Path, target: LTarget): Place | undefined {
  if (target.kind === 'slot') return placeOf(ctx.fields, target.slot, [])
  const index = target.index.map((d) => ({ ...d, expr: resolve(ctx, path, d.expr, true) }))
  return placeOf(ctx.fields, target.base, index)
}

const freshOf = (ctx: StepContext, path: Path, to: Place): ReturnType<typeof settle> => {
  const slot = ctx.slots[to.slot]
  return freshSymbol(path, slot?.lo ?? 0, slot?.hi ?? 0)
}

/** False where the path is given up. */
function storeLock(ctx: StepContext, path: Path, to: Place, s: Extract<LStmt, { kind: 'set' }>): boolean {
  const known = operationAt(ctx, path, to, s.value, (e) => resolve(ctx, path, e, false))
  if (known !== undefined) {
    if (known.op.op === 'release') letGo(ctx, path, known.held)
    else if (!take(ctx, path, known.held)) return false
  }
  // What the lock's variables hold now is asked of `held`, or of the environment.
  for (const [key, m] of path.memory) if (m.place.field === to.field) path.memory.delete(key)
  if (known === undefined && s.value.kind === 'const') remember(path, to, s.value)
  return true
}
