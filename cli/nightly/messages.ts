/** What a worker process says to the run that started it. */
import { z } from 'zod'
import type { Progress } from '../../solver/engine.ts'
import { answerSchema, type Answer } from './record.ts'

export type FromWorker =
  { kind: 'progress'; progress: Progress } | { kind: 'answer'; answer: Answer } | { kind: 'failure'; message: string }

export const fromWorker: z.ZodType<FromWorker> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    progress: z.object({ depth: z.number(), states: z.number(), frontier: z.number(), bytes: z.number() }),
  }),
  z.object({ kind: z.literal('answer'), answer: answerSchema }),
  z.object({ kind: z.literal('failure'), message: z.string() }),
])
