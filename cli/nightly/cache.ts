/** Results that need not be found again: of the very same model, property, kernel, engine and program. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sealed, unsealed, writeAtomic } from './atomic.ts'
import { recordSchema, type CellRecord } from './record.ts'

const cacheSchema = z.object({ format: z.literal('mmcheck-cache'), formatVersion: z.literal(1), record: recordSchema })

const pathOf = (directory: string, key: string): string => join(directory, `${key}.json`)

/** The result of that key; a file that is missing, damaged or of another form is none. */
export function readCached(directory: string, key: string): CellRecord | undefined {
  try {
    const body = unsealed(readFileSync(pathOf(directory, key), 'utf8'))
    const parsed = body === undefined ? undefined : cacheSchema.safeParse(JSON.parse(body))
    return parsed?.data?.record
  } catch {
    return undefined
  }
}

/** Keeps a result. What cannot be kept is found again another time. */
export function writeCached(directory: string, key: string, record: CellRecord): void {
  try {
    writeAtomic(pathOf(directory, key), sealed({ format: 'mmcheck-cache', formatVersion: 1, record }))
  } catch {
    // No space, or no permission: nothing is lost but time.
  }
}
