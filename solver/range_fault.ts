import type { LoweredModel } from '../model/language/lowered.ts'

/** The error of a step that takes a slot out of its range: a bug in the model or its lowering, not a verdict. */
export function rangeFault(model: LoweredModel, step: number, slot: number, value: number): Error {
  const label = model.steps.find((s) => s.id === step)?.label ?? '?'
  const target = model.slots[slot]
  if (target === undefined)
    return new Error(`step ${step} '${label}' writes slot ${slot}, which the model does not have`)
  return new Error(
    `step ${step} '${label}' puts ${value} into slot ${slot} '${target.name}', which holds ${target.lo}..${target.hi}`,
  )
}
