/** A digest of the program text that results depend on: what was found by other text is not taken for granted. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { packageRoot } from '../input.ts'

/** Rooms and files, below the root of what runs. The model is not among them: it is hashed as it was lowered. */
const SEEN = [
  'solver',
  'counterexamples',
  'properties',
  'model/language',
  'cli/baseline',
  'cli/cell',
  'cli/judge',
  'cli/matrix',
  'cli/nightly',
  'cli/proofs',
  'cli/report_json',
]

/** Where this program runs from: dist/ when compiled, the checkout else. */
const runningRoot = (): string => dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Of all that makes scenarios and lowered models. */
const MODEL = ['model', 'properties']

const known = new Map<readonly string[], string>()

/** The files are read once in the life of a process. */
function digestOf(seen: readonly string[]): string {
  const digest = known.get(seen) ?? newDigest(seen)
  known.set(seen, digest)
  return digest
}

/** Of the program that makes a result of a lowered model; 16 hex digits. */
export const codeDigest = (): string => digestOf(SEEN)

/** Of the model; 16 hex digits. */
export const modelDigest = (): string => digestOf(MODEL)

function newDigest(seen: readonly string[]): string {
  const root = runningRoot()
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const files = ['cli', 'counterexamples', 'model', 'properties', 'solver']
    .flatMap((room) => readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((f) => `${room}/${f}`))
    .map((f) => f.replaceAll('\\', '/'))
    .filter((f) => f.endsWith(extension) && seen.some((s) => f.startsWith(`${s}/`) || f === `${s}${extension}`))
    .sort()
  const hash = createHash('sha256')
  for (const f of files)
    hash
      .update(`${f}\0`)
      .update(readFileSync(join(root, f)))
      .update('\0')
  return hash.digest('hex').slice(0, 16)
}

const packageSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).optional(),
})

/** Versions of mmcheck and of its solver. */
export function versions(): { readonly version: string; readonly solver: string | null } {
  const { version, dependencies } = packageSchema.parse(
    JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')),
  )
  return { version, solver: dependencies?.['z3-solver'] ?? null }
}
