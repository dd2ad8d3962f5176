/** What a worker of a run is given for one cell, and whom it tells. */
import { z } from 'zod'
import type { Progress } from '../../solver/engine.ts'
import { jobSchema, type Job } from './job.ts'
import { searchSchema, type SearchRequest } from './record.ts'

export interface CellTask {
  job: Job
  search: SearchRequest
  /** Milliseconds for this cell from now on, and whether that is what is left of the budget of the run. */
  maxMs?: number | undefined
  ofBudget: boolean
  /** Where results are kept; absent where none is to be taken or kept. */
  cache?: string | undefined
  /** Where checkpoints of cells are kept, and how often; absent where none are. */
  checkpoints?: { directory: string; everyMs: number } | undefined
}

export const taskSchema: z.ZodType<CellTask> = z.object({
  job: jobSchema,
  search: searchSchema,
  maxMs: z.number().optional(),
  ofBudget: z.boolean(),
  cache: z.string().optional(),
  checkpoints: z.object({ directory: z.string(), everyMs: z.number() }).optional(),
})

export interface Hooks {
  readonly onProgress: (progress: Progress) => void
  /** False once nobody waits for the answer any longer: then nothing more may be written. */
  readonly wanted: () => boolean
}
