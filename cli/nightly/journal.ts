/** The directory of a run: what is done so far, so that a run that was killed can go on. One process at a time. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { sealed, unsealed, writeAll, writeAtomic } from './atomic.ts'
import { recordSchema, type CellRecord } from './record.ts'

const FORMAT_VERSION = 1

/** What a run is of. Only the very same run can go on with what it left. */
export interface RunIdentity {
  readonly version: string
  readonly code: string
  readonly model: string
  /** Digest of cells and options. */
  readonly plan: string
  readonly shard: string
}

const runSchema = z.object({
  format: z.literal('mmcheck-run'),
  formatVersion: z.number(),
  identity: z.object({ version: z.string(), code: z.string(), model: z.string(), plan: z.string(), shard: z.string() }),
})

export interface Journal {
  /** By key, what was done before. */
  readonly done: ReadonlyMap<string, CellRecord>
  readonly checkpoints: string
  readonly add: (record: CellRecord) => void
  /** Lets go of the directory; `finished` leaves nothing to go on with. */
  readonly close: (finished: boolean) => void
}

/** When a process started, as the kernel counts it: numbers of processes come again. Empty where it does not say. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may hold blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const lockSchema = z.object({ pid: z.number().int().positive(), start: z.string() })

/** Who works in the directory now, if anybody but this process does. */
function holder(path: string): number | undefined {
  try {
    const { pid, start } = lockSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    return pid !== process.pid && isAlive(pid) && startOf(pid) === start ? pid : undefined
  } catch {
    return undefined
  }
}

const runPath = (directory: string): string => join(directory, 'run.json')
const donePath = (directory: string): string => join(directory, 'results.jsonl')
const lockPath = (directory: string): string => join(directory, 'lock.json')

/** Records in the journal, and how many of its bytes hold them; what follows is a line that was cut short. */
function readDone(
  directory: string,
): Result<{ readonly done: Map<string, CellRecord>; readonly bytes: number }, string> {
  const done = new Map<string, CellRecord>()
  if (!existsSync(donePath(directory))) return ok({ done, bytes: 0 })
  const text = readFileSync(donePath(directory), 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  for (const [i, line] of whole.split('\n').entries()) {
    if (line === '') continue
    const body = unsealed(line)
    const parsed = body === undefined ? undefined : recordSchema.safeParse(JSON.parse(body))
    if (parsed?.data === undefined) return failed(`the journal ${donePath(directory)} is damaged at line ${i + 1}`)
    done.set(parsed.data.key, parsed.data)
  }
  return ok({ done, bytes: Buffer.byteLength(whole) })
}

/** What a run left, or why it is not the same run; undefined where nothing is left. */
function left(
  directory: string,
  identity: RunIdentity,
): Result<{ done: Map<string, CellRecord>; bytes: number } | undefined, string> {
  if (!existsSync(runPath(directory))) return ok(undefined)
  const body = unsealed(readFileSync(runPath(directory), 'utf8'))
  if (body === undefined) return failed(`the run in ${directory} is damaged: the checksum of run.json is wrong`)
  const parsed = runSchema.safeParse(JSON.parse(body))
  const was = parsed.data?.identity
  if (was?.version !== identity.version || was.code !== identity.code || parsed.data?.formatVersion !== FORMAT_VERSION)
    return failed(`the run in ${directory} is of another version of mmcheck (${was?.version ?? 'unknown'})`)
  if (was.model !== identity.model || was.plan !== identity.plan || was.shard !== identity.shard)
    return failed(`the run in ${directory} is of other scenarios, another model or other options`)
  return readDone(directory)
}

/**
 * Opens the directory of a run. With `resume` it goes on with what is there, and without it, or where
 * nothing is there, it begins anew. The error is a message, ready for errorText().
 */
export function openJournal(directory: string, identity: RunIdentity, resume: boolean): Result<Journal, string> {
  mkdirSync(directory, { recursive: true })
  const other = holder(lockPath(directory))
  if (other !== undefined) return failed(`another run (process ${other}) works in ${directory}`)
  const found = resume ? left(directory, identity) : ok(undefined)
  if (!found.ok) return found
  if (found.value === undefined) rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  writeFileSync(lockPath(directory), JSON.stringify({ pid: process.pid, start: startOf(process.pid) }))
  if (found.value === undefined)
    writeAtomic(runPath(directory), sealed({ format: 'mmcheck-run', formatVersion: FORMAT_VERSION, identity }))
  else if (existsSync(donePath(directory))) truncateSync(donePath(directory), found.value.bytes)
  appendFileSync(donePath(directory), '')
  const fd = openSync(donePath(directory), 'a')
  return ok({
    done: found.value?.done ?? new Map<string, CellRecord>(),
    checkpoints: join(directory, 'cells'),
    add: (record) => {
      writeAll(fd, Buffer.from(`${sealed(record)}\n`))
      fsyncSync(fd)
    },
    close: (finished) => {
      closeSync(fd)
      if (finished) rmSync(directory, { recursive: true, force: true })
      else rmSync(lockPath(directory), { force: true })
    },
  })
}
