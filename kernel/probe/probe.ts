/** The probe as a service: sequences in, observations out, many on their way at a time. */
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { compile, readSources } from '../compile.ts'
import { kernelDirectory } from '../paths.ts'
import { skip, type Skip } from '../skip.ts'
import type { Sequence } from './operations.ts'
import { decode, decodeGreeting, encode, type Observed } from './protocol.ts'

export interface Probe {
  /** Runs a sequence in a child process of its own. Calls may overlap; they are answered in order. */
  readonly run: (s: Sequence) => Promise<Observed>
  readonly close: () => Promise<void>
}

export interface ProbeOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Where local files are made; they have no name while they are used. */
  readonly directory?: string
  /** The number of the CPU, of those that there are, that its processes are to stay on. */
  readonly cpu?: number
}

interface Waiting {
  readonly resolve: (o: Observed) => void
  readonly reject: (e: Error) => void
}

/** The pages of the model and of the helper are of this size, in bytes. */
const PAGE_BYTES = 4096

/** Starts the probe, compiling it first where that was not done. The skip says what the machine lacks. */
export async function openProbe(options: ProbeOptions = {}): Promise<Result<Probe, Skip>> {
  if (process.platform !== 'linux') return failed(skip('platform', `this is ${process.platform}, not Linux`))
  const folder = join(kernelDirectory(), 'probe')
  const names = (await readdir(folder)).filter((f) => /\.[ch]$/.test(f)).sort()
  const compiled = await compile('probe', await readSources(names.map((f) => join(folder, f))), options.env, {
    alone: true,
  })
  if (!compiled.ok) return compiled
  const cpu = options.cpu === undefined ? [] : [String(options.cpu)]
  return start(compiled.value.path, [options.directory ?? tmpdir(), ...cpu])
}

async function start(path: string, args: readonly string[]): Promise<Result<Probe, Skip>> {
  const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'], env: {} })
  const waiting = new Map<number, Waiting>()
  let next = 0
  const lose = (why: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(`the probe ${why}`))
    waiting.clear()
  }
  const gone = new Promise<void>((resolve) => {
    child.on('error', (e) => {
      lose(`cannot be run: ${e.message}`)
      resolve()
    })
    child.on('close', (code, signal) => {
      lose(`ended: ${signal ?? code ?? ''}`)
      resolve()
    })
  })
  // Its end is told by 'close'; what was being written then is lost with it.
  child.stdin.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await Promise.race([lines.next(), gone])
  if (first === undefined || first.done === true)
    return failed(skip('privilege', 'the compiled probe cannot be run where it is kept'))
  const page = decodeGreeting(first.value)
  const close = async (): Promise<void> => {
    child.stdin.end()
    await gone
  }
  if (page !== PAGE_BYTES) {
    await close()
    return failed(skip('platform', `pages have ${page} bytes here, and the probe counts in ${PAGE_BYTES}`))
  }
  const listen = async (): Promise<void> => {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const { id, observed } = decode(line.value)
      waiting.get(id)?.resolve(observed)
      waiting.delete(id)
    }
  }
  listen().catch((e: unknown) => {
    lose(e instanceof Error ? e.message : String(e))
    child.kill()
  })
  // What is asked for in one go goes in one write.
  let unsent = ''
  const send = (): void => {
    child.stdin.write(unsent)
    unsent = ''
  }
  const run = async (s: Sequence): Promise<Observed> =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) {
        reject(new Error('the probe has ended'))
        return
      }
      const id = next++
      waiting.set(id, { resolve, reject })
      if (unsent === '') queueMicrotask(send)
      unsent += encode(id, s)
    })
  return ok({ run, close })
}

/** How many sequences are on their way at a time: enough that neither side waits for the other. */
const WINDOW = 128
/** So many answers are waited for before more is asked: fewer writes, and fewer wake-ups of the other side. */
const REFILL = 64

/** Runs sequences in order, `use` being called with each answer in turn; it may say that this was enough. */
export async function runSequences<T extends Sequence>(
  probe: Probe,
  sequences: Iterable<T>,
  use: (s: T, observed: Observed) => boolean,
): Promise<void> {
  const pending: { readonly s: T; readonly answer: Promise<Observed> }[] = []
  const settle = async (): Promise<boolean> => {
    const first = pending.shift()
    return first === undefined ? true : use(first.s, await first.answer)
  }
  for (const s of sequences) {
    pending.push({ s, answer: probe.run(s) })
    if (pending.length < WINDOW) continue
    let more = true
    for (let n = 0; n < REFILL && more; n++) more = await settle()
    if (!more) break
  }
  while (pending.length > 0) await settle()
}
