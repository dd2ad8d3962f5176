/** Reading and writing variables that other threads see, and whether the locks held allow it. */
import type { LExpr } from '../lowered.ts'
import { constant, slotOf } from '../lower/build.ts'
import { heldNames, type StepContext } from './context.ts'
import { freshSymbol, isSet, parts, settle, type Path } from './path.ts'
import { element, ownerOf, placeOf, sameIndex, type Place } from './places.ts'
import { rewrite, type Residual } from './residual.ts'
import type { LockDemand, Mirror, Permission } from './rules.ts'

/** Evaluates an expression of the model. `counted`: its reads are the program's own, and not a ghost's. */
export function resolve(ctx: StepContext, path: Path, e: LExpr, counted: boolean): Residual {
  const known = rewrite(e, {
    slot: (slot) => {
      const local = path.locals.get(slot)
      if (local !== undefined) return settle(path, local)
      const place = placeOf(ctx.fields, slot, [])
      return place === undefined ? constant(ctx.slots[slot]?.init ?? 0) : read(ctx, path, place, counted)
    },
    select: (base, index) => {
      const dims = index.map((d) => ({ ...d, expr: resolve(ctx, path, d.expr, counted) }))
      const place = placeOf(ctx.fields, base, dims)
      return place === undefined ? constant(0) : read(ctx, path, place, counted)
    },
  })
  return settle(path, known)
}

const memoryKey = (p: Place): string => `${p.field.name}:${element(p)}`

function read(ctx: StepContext, path: Path, place: Place, counted: boolean): Residual {
  if (ctx.rules.constants === true && ctx.fields.unwritten.has(place.field.name)) {
    if (place.index.length === 0) return constant(ctx.slots[place.slot]?.init ?? 0)
  } else if (counted) countRead(ctx, path, place)
  const key = memoryKey(place)
  const seen = path.memory.get(key)
  if (seen !== undefined) return settle(path, seen.value)
  const slot = ctx.slots[place.slot]
  const kept = path.sticky.get(key)
  const value =
    ownLock(ctx, path, place) ??
    (kept !== undefined && isSet(path, kept) ? kept : freshSymbol(path, slot?.lo ?? 0, slot?.hi ?? 0))
  path.memory.set(key, { field: place.field.name, value })
  return value
}

/** At the end of a step: what it saw of sticky variables stays known while a lock keeps them. */
export function keepSticky(ctx: StepContext, path: Path): void {
  const keeps = (key: string): boolean => {
    const { name, at, symbol, stride } = parts(key)
    const field = ctx.fields.byName.get(name)
    const sticky = ctx.rules.fields[name]?.sticky
    if (field === undefined || sticky === undefined || at === undefined) return false
    const index = symbol === undefined ? [] : [{ expr: slotOf(symbol), first: 1, count: field.size / stride, stride }]
    return isAllowed(ctx, path, { field, slot: field.base + at, index }, sticky)
  }
  for (const [key, m] of path.memory) path.sticky.set(key, m.value)
  for (const key of path.sticky.keys()) if (!keeps(key)) path.sticky.delete(key)
}

/** Remembers a store until the step ends. What else of the variable was seen may have been the same element. */
export function remember(path: Path, place: Place, value: Residual): void {
  for (const [key, m] of path.memory) if (m.field === place.field.name) path.memory.delete(key)
  path.memory.set(memoryKey(place), { field: place.field.name, value })
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

/** One machine word is one access, whichever of its parts are touched. */
function countUnprotected(ctx: StepContext, path: Path, place: Place): void {
  const word = ctx.rules.words.find((w) => w.includes(place.field.name))?.join('+') ?? place.field.name
  path.unprotected.set(`${word}:${element(place)}`, place.field.name)
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
