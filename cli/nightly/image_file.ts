/**
 * Checkpoints of the wasm engine on disk: its memory in a file of its own, and a small head that names it and is
 * replaced as a whole. The file of the head before goes once the new head stands.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { sha256 } from '../../counterexamples/digest.ts'
import type { Image, ImageFigures } from '../../solver/wasm/checkpoint.ts'
import { sealed, unsealed, writeAll, writeAtomic } from './atomic.ts'
import { checkpointOfSchema, stranger, type CheckpointOf } from './checkpoint_file.ts'

const count = z.number().int().nonnegative()
const counts = z.array(count)
const figures: z.ZodType<ImageFigures> = z.object({
  progressed: z.object({
    head: count,
    states: count,
    depth: count,
    expandedDepth: count,
    levelEnd: count,
    transitions: count,
  }),
  globals: z.array(z.number().int()),
  end: count,
  next: count,
  free: z.array(counts),
  tableBytes: count,
  tableLimit: z.number().int(),
  arenaStates: count,
  memos: z.object({
    sizes: counts,
    lists: z.array(z.object({ address: count, bytes: count })),
    used: z.number().int(),
  }),
  heads: counts,
  tails: counts,
})

const headSchema = z.object({
  format: z.literal('mmcheck-image'),
  formatVersion: z.number().int(),
  of: checkpointOfSchema,
  /** Milliseconds that were spent on it so far. */
  ms: z.number().nonnegative(),
  /** Name of the file of the memory beside the head, and its digest. */
  file: z.string().regex(/^memory-\d+\.bin$/),
  sha256: z.string(),
  figures,
})

const FORMAT_VERSION = 1

const headPath = (directory: string): string => join(directory, 'image.json')

const memoryFiles = (directory: string): readonly string[] =>
  readdirSync(directory).filter((f) => /^memory-\d+\.bin$/.test(f))

export interface ImageWriter {
  readonly save: (image: Image, ms: number) => void
}

/** Writes images of one search. `mayWrite` is asked before a head is replaced. */
export function openImageWriter(directory: string, of: CheckpointOf, mayWrite: () => boolean): ImageWriter {
  mkdirSync(directory, { recursive: true })
  let number = Math.max(0, ...memoryFiles(directory).map((f) => Number(/\d+/.exec(f)?.[0] ?? 0)))
  return {
    save: (image, ms) => {
      const file = `memory-${++number}.bin`
      const fd = openSync(join(directory, file), 'w')
      try {
        writeAll(fd, image.memory)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      if (!mayWrite()) return
      const head = {
        format: 'mmcheck-image',
        formatVersion: FORMAT_VERSION,
        of: { ...of },
        ms,
        file,
        sha256: sha256(image.memory),
        figures: image.figures,
      }
      writeAtomic(headPath(directory), sealed(head))
      for (const old of memoryFiles(directory)) if (old !== file) rmSync(join(directory, old), { force: true })
    },
  }
}

/** The image in a directory; nothing where there is none. The error is a message. Throws as the file system does. */
export function readImage(
  directory: string,
  wanted: CheckpointOf,
): Result<{ readonly image: Image; readonly ms: number } | undefined, string> {
  if (!existsSync(headPath(directory))) return ok(undefined)
  const damaged = (path: string, what: string): Result<undefined, string> =>
    failed(`the checkpoint ${path} is damaged: ${what}`)
  const body = unsealed(readFileSync(headPath(directory), 'utf8'))
  if (body === undefined) return damaged(headPath(directory), 'its checksum is wrong')
  const parsed = headSchema.safeParse(JSON.parse(body))
  if (!parsed.success) return failed(`the checkpoint ${headPath(directory)} is of another version of mmcheck`)
  const head = parsed.data
  const wrong = stranger(headPath(directory), head.of, head.formatVersion === FORMAT_VERSION, wanted)
  if (wrong !== undefined) return failed(wrong)
  const path = join(directory, basename(head.file))
  if (!existsSync(path)) return damaged(path, 'it is missing')
  const memory = new Uint8Array(readFileSync(path))
  if (memory.length !== head.figures.next) return damaged(path, 'it is cut short')
  if (sha256(memory) !== head.sha256) return damaged(path, 'a checksum is wrong')
  return ok({ image: { figures: head.figures, memory }, ms: head.ms })
}
