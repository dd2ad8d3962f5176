/** What must come to an end, as responses over program counters, and the fairness of each step. */
import type { LExpr, LLiveness, LoweredModel, LResponse, Step } from '../lowered.ts'
import type { Ends, Program } from '../routine.ts'
import { both, combine, constant, either, FALSE, negate, slotOf } from './build.ts'
import type { StepInfo } from './info.ts'

/** Program counter values lo..hi. */
interface Run {
  readonly lo: number
  readonly hi: number
}

function runsOf(pcs: readonly number[]): readonly Run[] {
  const runs: Run[] = []
  for (const pc of [...pcs].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && pc === last.hi + 1) runs[runs.length - 1] = { lo: last.lo, hi: pc }
    else runs.push({ lo: pc, hi: pc })
  }
  return runs
}

/** That a slot holds one of some values. */
function isOneOf(slot: number, values: readonly number[]): LExpr {
  const at = slotOf(slot)
  return runsOf(values)
    .map(({ lo, hi }) =>
      lo === hi
        ? combine('eq', at, constant(lo))
        : both(combine('le', constant(lo), at), combine('le', at, constant(hi))),
    )
    .reduce(either, FALSE)
}

const call = (fn: string): string => (fn.includes('(') ? fn : `${fn}()`)

/** A place that a step is in and that must be left again: a name for people, and what tells two of them apart. */
interface Place {
  readonly key: string
  readonly about: string
}

/** The places of one kind that a step lies in. */
function placesOf(ends: Ends, step: Step, info: StepInfo | undefined, endless: boolean): readonly Place[] {
  switch (ends.kind) {
    case 'calls':
      return step.frames
        .filter(({ fn }) => ends.routines.includes(fn))
        .map(({ id, fn }) => ({ key: String(id), about: call(fn) }))
    case 'operations': {
      const [outermost] = step.frames
      if (endless || outermost === undefined || ends.except.includes(outermost.fn)) return []
      return [{ key: String(outermost.id), about: call(outermost.fn) }]
    }
    case 'waits': {
      const waits = (info?.lockOps ?? []).some(
        ({ op, lock, mode }) => op === 'acquire' && lock.name === ends.lock && mode === ends.mode,
      )
      return waits ? [{ key: String(step.id), about: step.text }] : []
    }
  }
}

function responsesOf(
  property: string,
  ends: Ends,
  model: LoweredModel,
  info: readonly StepInfo[],
): readonly LResponse[] {
  return model.threads.flatMap((thread, t) => {
    const places = new Map<string, { readonly about: string; readonly pcs: number[] }>()
    for (const step of model.steps) {
      if (step.thread !== t) continue
      for (const { key, about } of placesOf(ends, step, info[step.id], thread.daemon)) {
        const place = places.get(key) ?? { about, pcs: [] }
        places.set(key, place)
        place.pcs.push(step.pc)
      }
    }
    return [...places.values()].map(({ about, pcs }): LResponse => {
      const inside = isOneOf(thread.pcSlot, pcs)
      return { property, about: `${thread.name} ${about}`, from: inside, until: negate(inside) }
    })
  })
}

/**
 * Undefined where no property asks for an end. A step that waits for a lock is strongly fair: spinlocks
 * are queues (kernel/locking/qspinlock.c), and an rwsem keeps others out once somebody has waited for 4 ms
 * (kernel/locking/rwsem.c, RWSEM_WAIT_TIMEOUT).
 */
export function lowerLiveness(program: Program, model: LoweredModel, info: readonly StepInfo[]): LLiveness | undefined {
  const asked = program.properties.flatMap(({ name, ends }) => (ends === undefined ? [] : [{ name, ends }]))
  if (asked.length === 0) return undefined
  const ids = (wanted: (i: StepInfo) => boolean): readonly number[] =>
    model.steps.flatMap(({ id }) => {
      const of = info[id]
      return of !== undefined && wanted(of) ? [id] : []
    })
  return {
    responses: asked.flatMap(({ name, ends }) => responsesOf(name, ends, model, info)),
    strong: ids(({ lockOps }) => lockOps.some(({ op }) => op === 'acquire')),
    unfair: ids(({ unfair }) => unfair),
  }
}
