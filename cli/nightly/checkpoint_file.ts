/**
 * Checkpoints of a search on disk: a file of states that only grows, and a small head that is replaced as
 * a whole and says how much of the file counts. A process that is killed while it writes leaves bytes
 * behind that no head knows of.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { sha256 } from '../../counterexamples/digest.ts'
import type { Figures, Snapshot } from '../../solver/explicit/checkpoint.ts'
import { sealed, unsealed, writeAll, writeAtomic } from './atomic.ts'

/** What a checkpoint is of. It is taken up for the very same thing only. */
export interface CheckpointOf {
  readonly cell: string
  /** Digest of the lowered model. */
  readonly model: string
  /** Digest of the program text. */
  readonly code: string
  readonly version: string
}

export const checkpointOfSchema: z.ZodType<CheckpointOf> = z.object({
  cell: z.string(),
  model: z.string(),
  code: z.string(),
  version: z.string(),
})

const integers = z.array(z.number().int())
const count = z.number().int().nonnegative()
const headSchema = z.object({
  format: z.literal('mmcheck-checkpoint'),
  formatVersion: z.number().int(),
  of: checkpointOfSchema,
  /** Milliseconds that were spent on it so far. */
  ms: z.number().nonnegative(),
  figures: z.object({
    words: count,
    tableLength: count,
    peakBytes: count,
    head: count,
    states: count,
    transitions: count,
    expandedDepth: count,
    levelEnd: count,
    levels: integers,
    deadlock: z.number().int(),
    broken: integers,
    covered: integers,
    ran: integers,
    failed: integers,
  }),
  /** Parts of the file of states: each holds the words of some states, then their parents. */
  parts: z.array(z.object({ states: count, sha256: z.string() })),
})
type Head = z.infer<typeof headSchema>

const FORMAT_VERSION = 1
const WORD_BYTES = 4

const headPath = (directory: string): string => join(directory, 'head.json')
const statesPath = (directory: string): string => join(directory, 'states.bin')

const bytesOf = (words: Int32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

const partBytes = (states: number, words: number): number => states * (words + 1) * WORD_BYTES

export interface Writer {
  readonly save: (snapshot: Snapshot, ms: number) => void
  readonly close: () => void
}

/** Writes checkpoints of one search, after those that `earlier` tells of. `mayWrite` is asked before a head is replaced. */
export function openWriter(
  directory: string,
  of: CheckpointOf,
  earlier: Loaded | undefined,
  mayWrite: () => boolean,
): Writer {
  mkdirSync(directory, { recursive: true })
  // A head must never stand beside states that are not its own.
  if (earlier === undefined) rmSync(headPath(directory), { force: true })
  const parts = [...(earlier?.parts ?? [])]
  let stored = parts.reduce((n, p) => n + p.states, 0)
  let position = earlier === undefined ? 0 : partBytes(stored, earlier.snapshot.figures.words)
  const fd = openSync(statesPath(directory), earlier === undefined ? 'w+' : 'r+')
  ftruncateSync(fd, position)
  return {
    save: ({ figures, arena, parents }, ms) => {
      const { words, states } = figures
      const more = bytesOf(arena.subarray(stored * words, states * words))
      const theirs = bytesOf(parents.subarray(stored, states))
      const part = Buffer.concat([more, theirs])
      writeAll(fd, part, position)
      fsyncSync(fd)
      if (!mayWrite()) return
      parts.push({ states: states - stored, sha256: sha256(part) })
      position += part.length
      stored = states
      const head: Head = {
        format: 'mmcheck-checkpoint',
        formatVersion: FORMAT_VERSION,
        of: { ...of },
        ms,
        figures: mutable(figures),
        parts,
      }
      writeAtomic(headPath(directory), sealed(head))
    },
    close: () => {
      closeSync(fd)
    },
  }
}

const mutable = (f: Figures): Head['figures'] => ({
  ...f,
  levels: [...f.levels],
  broken: [...f.broken],
  covered: [...f.covered],
  ran: [...f.ran],
  failed: [...f.failed],
})

export interface Loaded {
  readonly snapshot: Snapshot
  readonly ms: number
  readonly parts: readonly { readonly states: number; readonly sha256: string }[]
}

/** Reads the head of a checkpoint, or says what is wrong with it. */
function readHead(directory: string): Result<Head, string> {
  const body = unsealed(readFileSync(headPath(directory), 'utf8'))
  if (body === undefined) return failed(`the checkpoint ${headPath(directory)} is damaged: its checksum is wrong`)
  const parsed = headSchema.safeParse(JSON.parse(body))
  if (!parsed.success) return failed(`the checkpoint ${headPath(directory)} is of another version of mmcheck`)
  return ok(parsed.data)
}

/** Why a checkpoint is not one of what is to be searched now. `path` is that of its head. */
export function stranger(
  path: string,
  of: CheckpointOf,
  sameFormat: boolean,
  wanted: CheckpointOf,
): string | undefined {
  if (!sameFormat || of.version !== wanted.version || of.code !== wanted.code)
    return `the checkpoint ${path} is of another version of mmcheck (${of.version})`
  if (of.model !== wanted.model || of.cell !== wanted.cell)
    return `the checkpoint ${path} is of another model (then ${of.cell})`
  return undefined
}

/** Reads the states that a head tells of. */
function readStates(directory: string, { figures, parts }: Head): Result<Snapshot, string> {
  const damaged = (what: string): Result<Snapshot, string> =>
    failed(`the checkpoint ${statesPath(directory)} is damaged: ${what}`)
  const { words, states } = figures
  if (parts.reduce((n, p) => n + p.states, 0) !== states) return damaged('its parts are not all of its states')
  if (!existsSync(statesPath(directory)) || statSync(statesPath(directory)).size < partBytes(states, words))
    return damaged('states are missing')
  const arena = new Int32Array(states * words)
  const parents = new Int32Array(states)
  const fd = openSync(statesPath(directory), 'r')
  try {
    let first = 0
    let position = 0
    for (const part of parts) {
      const bytes = new Uint8Array(partBytes(part.states, words))
      readSync(fd, bytes, 0, bytes.length, position)
      if (sha256(bytes) !== part.sha256) return damaged('a checksum is wrong')
      const read = new Int32Array(bytes.buffer)
      arena.set(read.subarray(0, part.states * words), first * words)
      parents.set(read.subarray(part.states * words), first)
      first += part.states
      position += bytes.length
    }
  } finally {
    closeSync(fd)
  }
  return ok({ figures, arena, parents })
}

/** The checkpoint in a directory; nothing where there is none. The error is a message. Throws as the file system does. */
export function readCheckpoint(directory: string, wanted: CheckpointOf): Result<Loaded | undefined, string> {
  if (!existsSync(headPath(directory))) return ok(undefined)
  const head = readHead(directory)
  if (!head.ok) return head
  const { of, formatVersion } = head.value
  const wrong = stranger(headPath(directory), of, formatVersion === FORMAT_VERSION, wanted)
  if (wrong !== undefined) return failed(wrong)
  const snapshot = readStates(directory, head.value)
  if (!snapshot.ok) return snapshot
  return ok({ snapshot: snapshot.value, ms: head.value.ms, parts: head.value.parts })
}
