/** Taking and releasing locks, and what must hold when a thread waits for one. */
import type { LExpr } from '../lowered.ts'
import { constant } from '../lower/build.ts'
import type { LockOp } from '../lower/actions.ts'
import { heldNames, lockName, type StepContext } from './context.ts'
import { sameIndex, type Place } from './places.ts'
import { settle, type Held, type Path } from './path.ts'
import type { Residual } from './residual.ts'

const instance = (op: LockOp, index: readonly Residual[]): Held => ({ lock: op.lock, index, mode: op.mode })

const find = (path: Path, of: Held): number =>
  path.held.findLastIndex(
    (h) =>
      h.lock.name === of.lock.name &&
      h.mode === of.mode &&
      sameIndex(
        h.index.map((i) => settle(path, i)),
        of.index,
      ),
  )

/** False where the thread has it already, in whatever mode: the path is given up. */
export function take(ctx: StepContext, path: Path, held: Held): boolean {
  const again = path.held.some(
    (h) =>
      h.lock.name === held.lock.name &&
      sameIndex(
        h.index.map((i) => settle(path, i)),
        held.index,
      ),
  )
  if (again) {
    ctx.report('ML003', ctx.step.label, `takes ${lockName(ctx, path, held)}, which it holds`)
    ctx.giveUp()
  }
  path.held = [...path.held, held]
  return !again
}

export function letGo(ctx: StepContext, path: Path, of: Held): void {
  const at = find(path, of)
  if (at < 0)
    ctx.report(
      'ML001',
      ctx.step.label,
      `${lockName(ctx, path, of)} is released (${of.mode} mode) on a path where it is not held; held there: ${heldNames(ctx, path)}`,
    )
  else path.held = path.held.filter((_, i) => i !== at)
}

/** Names a lock by the write that takes or releases it: the step's lock operation of that class, place and direction. */
export function operationAt(
  ctx: StepContext,
  path: Path,
  to: Place,
  value: LExpr,
  resolve: (e: LExpr) => Residual,
): { readonly op: LockOp; readonly held: Held } | undefined {
  const takes = (value.kind === 'const' && value.value !== 0) || (value.kind === 'binary' && value.op === 'bor')
  const place = to.index.length === 0 ? [constant(to.slot - to.field.base + 1)] : to.index.map((d) => d.expr)
  for (const op of ctx.info.lockOps) {
    const direction = op.op === 'acquire' || op.op === 'try' ? takes : op.op === 'release' && !takes
    const name = (op.mode === 'read' ? op.lock.readers : op.lock.owner)?.decl.name
    if (!direction || name !== to.field.name) continue
    const index = op.index.map((i) => settle(path, resolve(i)))
    // A lock with several indices is told by its class alone, once one of them is folded away.
    if (index.length === place.length && !sameIndex(index, place)) continue
    return { op, held: instance(op, index) }
  }
  return undefined
}

/**
 * Whether every lock of the step that has to be waited for may be waited for, with what is held now.
 * False where the thread may wait for itself: the path is given up.
 */
export function checkWaits(ctx: StepContext, path: Path, resolve: (e: LExpr) => Residual): boolean {
  let goesOn = true
  const spin = path.held.find((h) => h.lock.kind === 'spinlock')
  const sleeping = (what: string): void => {
    if (spin !== undefined)
      ctx.report('ML004', ctx.step.label, `${what} under the spinlock ${lockName(ctx, path, spin)}`)
  }
  if (ctx.info.sleeps) sleeping('may sleep')
  for (const op of ctx.info.lockOps) {
    if (op.op !== 'acquire') continue
    const wanted = instance(op, op.index.map(resolve))
    if (op.lock.kind !== 'spinlock') sleeping(`waits for the ${op.lock.kind} ${lockName(ctx, path, wanted)}`)
    for (const h of path.held) {
      if (inOrder(path, h, wanted) || mayNest(ctx, path, h, wanted)) continue
      const [a, b] = [lockName(ctx, path, wanted), lockName(ctx, path, h)]
      const why = h.lock.name === wanted.lock.name ? 'two of one class' : `ranks ${wanted.lock.rank}, ${h.lock.rank}`
      ctx.report('ML003', ctx.step.label, `waits for ${a} while it holds ${b}, against the lock order (${why})`)
      if (h.lock.name === wanted.lock.name) goesOn = false
    }
  }
  if (!goesOn) ctx.giveUp()
  return goesOn
}

/** Two locks of one class are in order only where both objects are known, and ascend. */
function inOrder(path: Path, h: Held, wanted: Held): boolean {
  if (h.lock.name !== wanted.lock.name) return wanted.lock.rank > h.lock.rank
  const below = h.index.map((i) => settle(path, i))
  const above = wanted.index.map((i) => settle(path, i))
  const at = below.findIndex((b, i) => !sameIndex([b], above.slice(i, i + 1)))
  const [b, a] = [below[at], above[at]]
  return b?.kind === 'const' && a?.kind === 'const' && a.value > b.value
}

/** The rules let this step take a second lock of the class. */
const mayNest = (ctx: StepContext, path: Path, h: Held, wanted: Held): boolean =>
  h.lock.name === wanted.lock.name &&
  (ctx.rules.nests ?? []).some(
    (n) =>
      n.lock === wanted.lock.name &&
      (n.text === undefined || ctx.step.text.startsWith(n.text)) &&
      path.held.some((o) => o.lock.name === n.under && o.mode === 'write'),
  )

/** The linter's notes of a step, taken as its last deed. Their objects were resolved before it ran. */
export function applyNotes(ctx: StepContext, path: Path, index: ReadonlyMap<LockOp, readonly Residual[]>): void {
  for (const [op, before] of index) {
    const held = instance(
      op,
      before.map((i) => settle(path, i)),
    )
    if (op.op === 'hold') take(ctx, path, held)
    else if (op.op === 'drop') letGo(ctx, path, held)
    else path.held = path.held.filter((h) => h.lock.name !== op.lock.name || h.mode !== op.mode)
  }
}
