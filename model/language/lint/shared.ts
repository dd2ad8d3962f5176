/** Reading and writing variables that other threads see, and whether the locks held allow it. */
import type { LExpr } from '../lowered.ts'
import { constant } from '../lower/build.ts'
import { placeKey } from './canonical.ts'
import { heldNames, type StepContext } from './context.ts'
import { accessKey, decide, freshSymbol, isSet, settle, type Path } from './path.ts'
import { ownerOf, placeOf, sameIndex, type Place } from './places.ts'
import { rewrite, type Residual } from './residual.ts'
import type { LockDemand, Mirror, Permission } from './rules.ts'

/** Evaluates an expression of the model. `counted`: its reads are the program's own, and not a ghost's. */
export function resolve(ctx: StepContext, path: Path, e: LExpr, counted: boolean): Residual {
  const known = rewrite(e, {
    slot: (slot) => {
      if (ctx.isLocal(slot)) return settle(path, path.locals.get(slot) ?? constant(ctx.slots[slot]?.init ?? 0))
      const place = placeOf(ctx.fields, slot, [])
      return place === undefined ? constant(ctx.slots[slot]?.init ?? 0) : read(ctx, path, place, counted)
    },
    select: (base, index) => {
      const dims = index.map((d) => ({ ...d, expr: resolve(ctx, path, d.expr, counted) }))
      const place = placeOf(ctx.fields, base, dims)
      return place === undefined ? constant(0) : read(ctx, path, place, counted)
    },
    decide: (cond) => decide(path, cond),
  })
  return settle(path, known)
}

function read(ctx: StepContext, path: Path, place: Place, counted: boolean): Residual {
  if (ctx.rules.constants === true && ctx.fields.unwritten.has(place.field.name)) {
    if (place.index.length === 0) return constant(ctx.slots[place.slot]?.init ?? 0)
  } else if (counted) countRead(ctx, path, place)
  const key = placeKey(place)
  const seen = path.memory.get(key)
  if (seen !== undefined) return settle(path, seen.value)
  const slot = ctx.slots[place.slot]
  const kept = path.sticky.get(key)
  const value =
    ownLock(ctx, path, place) ??
    (kept !== undefined && isSet(path, kept.value) ? kept.value : freshSymbol(path, slot?.lo ?? 0, slot?.hi ?? 0))
  path.memory.set(key, { place, value })
  return value
}

/** At the end of a step: what it saw of sticky variables stays known while a lock keeps them. */
export function keepSticky(ctx: StepContext, path: Path): void {
  const keeps = (place: Place): boolean => {
    const sticky = ctx.rules.fields[place.field.name]?.sticky
    return sticky !== undefined && isAllowed(ctx, path, place, sticky)
  }
  for (const [key, m] of path.memory) path.sticky.set(key, m)
  for (const [key, { place }] of path.sticky) if (!keeps(place)) path.sticky.delete(key)
}

/** Remembers a store until the step ends. What else of the variable was seen may have been the same element. */
export function remember(path: Path, place: Place, value: Residual): void {
  for (const [key, m] of path.memory) if (m.place.field === place.field) path.memory.delete(key)
  path.memory.set(placeKey(place), { place, value })
}

/** What a variable that is part of a lock must be, from what the thread itself holds. */
function ownLock(ctx: StepContext, path: Path, place: Place): Residual | undefined {
  const holds = (lock: string, mode: string): boolean =>
    path.held.some(
      (h) =>
        h.lock.name === lock &&
        h.mode === mode &&
        sameIndex(
          h.index.map((i) => settle(path, i)),
          [ownerOf(place, place.field.size)],
        ),
    )
  const mirror = ctx.rules.mirrors.find((m) => m.field === place.field.name)
  if (mirror !== undefined)
    return isUnder(path, mirror) ? constant(holds(mirror.says.lock, mirror.says.mode) ? 1 : 0) : undefined
  const mine = path.held.find((h) => h.lock.owner.decl.name === place.field.name)
  return mine !== undefined && holds(mine.lock.name, 'write') ? constant(ctx.thread + 1) : undefined
}

const isUnder = (path: Path, m: Mirror): boolean =>
  path.held.some((h) => h.lock.name === m.under.lock && h.mode === m.under.mode)

function isMet(ctx: StepContext, path: Path, place: Place, d: LockDemand): boolean {
  return path.held.some((h) => {
    if (h.lock.name !== d.lock || (d.mode === 'write' && h.mode !== 'write')) return false
    if (d.index === 'any') return true
    const count = ctx.fields.byName.get(h.lock.owner.decl.name)?.size ?? 1
    return sameIndex(
      h.index.map((i) => settle(path, i)),
      [settle(path, ownerOf(place, count))],
    )
  })
}

const isAllowed = (ctx: StepContext, path: Path, place: Place, permissions: readonly Permission[]): boolean =>
  permissions.some(
    (p) =>
      (p.text === undefined || ctx.step.text.startsWith(p.text)) && p.locks.every((d) => isMet(ctx, path, place, d)),
  )

const isExempt = ({ rules, step }: StepContext, place: Place): boolean =>
  rules.exempt.some((e) => e.routine === step.routine && e.label === step.local && e.fields.includes(place.field.name))

const wordOf = (ctx: StepContext, field: string): string =>
  ctx.rules.words.find((w) => w.includes(field))?.join('+') ?? field
const isOneObject = (ctx: StepContext, field: string): boolean => ctx.rules.objects?.fields.includes(field) === true

/** One machine word is one access, whichever of its parts are touched. */
function countUnprotected(ctx: StepContext, path: Path, place: Place): void {
  if (ctx.step.atomic !== undefined) return
  const { name, base } = place.field
  const word = wordOf(ctx, name)
  const whole = isOneObject(ctx, name)
  const access = { word, place: whole ? { field: place.field, slot: base, index: [] } : place, whole }
  path.unprotected.set(accessKey(access), access)
}

/** Whether touching any element of a variable without a rule adds nothing to what the step has done so far. */
export function isCounted(ctx: StepContext, path: Path, name: string): boolean {
  const kind = ctx.fields.byName.get(name)?.kind
  if (kind !== 'shared' || ctx.step.atomic !== undefined) return true
  return isOneObject(ctx, name) && path.unprotected.has(wordOf(ctx, name))
}

function countRead(ctx: StepContext, path: Path, place: Place): void {
  if (place.field.kind !== 'shared' || isExempt(ctx, place)) return
  const rule = ctx.rules.fields[place.field.name]
  if (rule === undefined || !isAllowed(ctx, path, place, rule.read ?? rule.write)) countUnprotected(ctx, path, place)
}

export function countWrite(ctx: StepContext, path: Path, place: Place, value: Residual): void {
  if (place.field.kind !== 'shared' || isExempt(ctx, place)) return
  const rule = ctx.rules.fields[place.field.name]
  if (rule === undefined) {
    countUnprotected(ctx, path, place)
    return
  }
  const clears = rule.clear !== undefined && value.kind === 'const' && value.value === 0
  const permissions = clears ? rule.clear : rule.write
  if (isAllowed(ctx, path, place, permissions)) return
  countUnprotected(ctx, path, place)
  ctx.report(
    'ML005',
    ctx.step.label,
    `writes ${place.field.name}${clears ? ' (clears it)' : ''} holding ${heldNames(ctx, path)}; it takes ${permissionText(permissions)}`,
  )
}

function permissionText(permissions: readonly Permission[]): string {
  const demand = (d: LockDemand): string => `${d.lock}${d.index === 'any' ? ' (of any)' : ''} in ${d.mode} mode`
  return permissions
    .map((p) => `${p.locks.map(demand).join(' and ')}${p.text === undefined ? '' : ` for ${p.text}`}`)
    .join(', or ')
}
