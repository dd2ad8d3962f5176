/** The kernel that mmcheck runs on, and the model that it is held against. */
import { failed, ok, type Result } from '../counterexamples/result.ts'
import type { Kernel } from '../model/kernels/kernels.ts'
import { chooseModel } from './probe/choose.ts'
import { probeFeatures, type Feature, type RunningKernel } from './probe/features.ts'
import { openProbe } from './probe/probe.ts'
import { skip, type Skip } from './skip.ts'

export interface Against {
  readonly running: RunningKernel
  readonly model: Kernel
  /** What of the kernel chose the model; absent where the user has named it. */
  readonly why?: string
}

/** Tries what the kernel can do. A kernel without guard regions can be held against no model of ours. */
export async function against(
  chosen?: Kernel,
  needs: readonly Feature[] = ['pagemap-guard'],
): Promise<Result<Against, Skip>> {
  const opened = await openProbe()
  if (!opened.ok) return opened
  const probe = opened.value
  try {
    const running = await probeFeatures(probe)
    const choice = chosen === undefined ? chooseModel(running) : undefined
    const model = chosen ?? choice?.model
    if (model === undefined)
      return failed(skip('feature', `Linux ${running.release} has no guard regions (MADV_GUARD_INSTALL, since v6.13)`))
    const missing = needs.find((f) => !running.features.has(f))
    if (missing !== undefined)
      return failed(skip('feature', `Linux ${running.release} does not have, or does not grant: ${missing}`))
    return ok({ running, model, ...(choice === undefined ? {} : { why: choice.why }) })
  } finally {
    await probe.close()
  }
}
