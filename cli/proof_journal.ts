/** What searches for proofs have lost, kept in files, so that one that was killed goes on from there with `--resume`. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Loss, OpenJournal } from '../solver/prove/progress.ts'

const DIRECTORY = join('.mmcheck', 'prove')

const loss = z.object({
  place: z.number().int().nonnegative(),
  labels: z.array(z.number().int().nonnegative()).optional(),
  from: z.string(),
  to: z.string(),
  whose: z.enum(['start', 'own', 'other', 'world', 'step']),
  said: z.string(),
})

/** The lines of a file up to the first that is none: whoever was killed may have left half of the last one. */
function read(file: string): readonly Loss[] {
  const out: Loss[] = []
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const parsed = loss.safeParse(json(line))
    if (!parsed.success) break
    const { labels, ...rest } = parsed.data
    out.push(labels === undefined ? rest : { ...rest, labels })
  }
  return out
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Journals in a folder, one for each question; without `resume` each begins anew. Where nothing can be written, `warn` is
 * told so, and the search goes on without.
 */
export const proofJournals =
  (resume: boolean, warn: (text: string) => void, directory: string = DIRECTORY): OpenJournal =>
  (question) => {
    const file = join(directory, `${question}.jsonl`)
    const before = resume ? read(file) : []
    let kept = true
    const attempt = (write: () => void): void => {
      if (!kept) return
      try {
        write()
      } catch (e) {
        kept = false
        warn(`${file} cannot be written, so a search that is killed begins anew: ${String(e)}`)
      }
    }
    const note = (...losses: readonly Loss[]): void => {
      attempt(() => {
        appendFileSync(file, losses.map((x) => `${JSON.stringify(x)}\n`).join(''))
      })
    }
    attempt(() => {
      mkdirSync(directory, { recursive: true })
      rmSync(file, { force: true })
    })
    // Written again, so that no half of a line is left.
    note(...before)
    return {
      before,
      note,
      end: () => {
        attempt(() => {
          rmSync(file, { force: true })
        })
      },
    }
  }
