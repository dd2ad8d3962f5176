/** Carries out one step on what is known, and follows every way that it can go. */
import type { LStmt, LTarget } from '../lowered.ts'
import type { StepContext } from './context.ts'
import { applyNotes, checkWaits, letGo, operationAt, take } from './locks.ts'
import { assume, cases, fork, freshSymbol, pathFrom, settle, stateOf, type Path, type State } from './path.ts'
import { placeOf, type Place } from './places.ts'
import { symbolsOf } from './residual.ts'
import { countWrite, keepSticky, remember, resolve } from './shared.ts'

/** The states that a step can lead to. Reports what breaks a rule on the way. */
export function runStep(ctx: StepContext, from: State): readonly State[] {
  const path = pathFrom(from)
  for (const c of ctx.step.choices) path.locals.set(c.slot, freshSymbol(path, c.lo, c.hi))
  if (!checkWaits(ctx, path, (e) => resolve(ctx, path, e, false))) return []
  const notes = new Map(
    ctx.info.lockOps
      .filter((op) => op.op === 'hold' || op.op === 'drop' || op.op === 'dropAll')
      .map((op) => [op, op.index.map((i) => resolve(ctx, path, i, false))]),
  )
  const able = assume(path, resolve(ctx, path, ctx.step.guard, true), true)
  const ends = new Map<string, State>()
  for (const end of runAll(ctx, ctx.step.body, able)) {
    applyNotes(ctx, end, notes)
    checkGrain(ctx, end)
    keepSticky(ctx, end)
    forgetUnnamed(ctx, end)
    const state = stateOf(end)
    ends.set(state.key, state)
  }
  return [...ends.values()]
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
  const names = [...new Set(path.unprotected.values())].sort().join(', ')
  ctx.report(
    'ML006',
    ctx.step.label,
    `makes ${path.unprotected.size} unprotected shared accesses (${names}) in one step, without a reason`,
  )
}

const runAll = (ctx: StepContext, stmts: readonly LStmt[], paths: readonly Path[]): readonly Path[] =>
  stmts.reduce<readonly Path[]>((now, s) => now.flatMap((p) => run(ctx, s, p)), paths)

function run(ctx: StepContext, s: LStmt, path: Path): readonly Path[] {
  switch (s.kind) {
    case 'assert':
      return [path]
    case 'if': {
      const cond = resolve(ctx, path, s.cond, true)
      if (cond.kind === 'const') return runAll(ctx, cond.value === 0 ? s.else : s.then, [path])
      const other = fork(path)
      return [...runAll(ctx, s.then, assume(path, cond, true)), ...runAll(ctx, s.else, assume(other, cond, false))]
    }
    case 'set':
      return store(ctx, s, path)
  }
}

function store(ctx: StepContext, s: Extract<LStmt, { kind: 'set' }>, path: Path): readonly Path[] {
  const { target } = s
  if (target.kind === 'slot' && target.slot === ctx.pcSlot) {
    if (s.value.kind === 'const') path.pc = s.value.value
    return [path]
  }
  if (target.kind === 'slot' && path.locals.has(target.slot)) {
    const { slot } = target
    const hi = ctx.slots[slot]?.hi ?? 0
    // No run leaves the range of a local: a counter goes no further than what it counts.
    const counts = (p: Path): boolean => {
      const value = p.locals.get(slot)
      return value?.kind !== 'const' || value.value <= hi
    }
    return withCases(ctx, path, s, slot, (p, value) => p.locals.set(slot, value)).filter(counts)
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
  for (const [key, m] of path.memory) if (m.field === to.field.name) path.memory.delete(key)
  if (known === undefined && s.value.kind === 'const') remember(path, to, s.value)
  return true
}
