/** Counterexamples kept as files, one `<id>.json` each, in a directory that the caller names. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_BYTES, parseCounterexample, toJson, type Counterexample } from './json.ts'
import { failed, ok, type Result } from './result.ts'

/** The shortest prefix of an id that is looked up: fewer digits would name something by accident. */
export const PREFIX_MIN = 4

/** What can go wrong with stored counterexamples. `message` is one line for the user. */
export type StoreError =
  | { readonly kind: 'bad-id'; readonly message: string }
  | { readonly kind: 'none'; readonly message: string }
  | { readonly kind: 'ambiguous'; readonly message: string; readonly ids: readonly string[] }
  | { readonly kind: 'damaged'; readonly message: string; readonly path: string }
  | { readonly kind: 'io'; readonly message: string; readonly path: string }

const FILE_NAME = /^([0-9a-f]{12})\.json$/

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)

const ioError = (what: string, path: string, error: unknown): { readonly ok: false; readonly error: StoreError } =>
  failed({ kind: 'io', message: `cannot ${what} ${path}: ${codeOf(error)}`, path })

const isId = (id: string): boolean => /^[0-9a-f]{12}$/.test(id)

/** Where a counterexample is kept. */
export const pathOf = (directory: string, id: string): string => join(directory, `${id}.json`)

/**
 * Writes a counterexample and returns its path; one of the same id is replaced. It is written beside
 * its place and renamed into it, so that a reader or a killed run never sees half of one.
 */
export async function saveCounterexample(
  directory: string,
  counterexample: Counterexample,
): Promise<Result<string, StoreError>> {
  const { id } = counterexample
  if (!isId(id)) return failed({ kind: 'bad-id', message: `'${id}' is not the id of a counterexample` })
  const path = pathOf(directory, id)
  const temporary = join(directory, `.${id}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
  try {
    await mkdir(directory, { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(toJson(counterexample))
      // Without this, a power cut after the rename can leave an empty file under the final name.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    return ok(path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    return ioError('write', path, error)
  }
}

/** The ids kept in a directory, sorted. One that does not exist keeps none; other files are passed over. */
export async function listCounterexamples(directory: string): Promise<Result<readonly string[], StoreError>> {
  try {
    const names = await readdir(directory)
    return ok(names.flatMap((name) => FILE_NAME.exec(name)?.[1] ?? []).sort())
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? ok([]) : ioError('list', directory, error)
  }
}

/** Reads the counterexample of a full id. A file whose content has another id is damaged. */
export async function loadCounterexample(directory: string, id: string): Promise<Result<Counterexample, StoreError>> {
  if (!isId(id)) return failed({ kind: 'bad-id', message: `'${id}' is not the id of a counterexample` })
  const path = pathOf(directory, id)
  const damaged = (reason: string): { readonly ok: false; readonly error: StoreError } =>
    failed({ kind: 'damaged', message: `${path}: ${reason}`, path })
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) return damaged(`${size} bytes; at most ${MAX_BYTES} are read`)
    const parsed = parseCounterexample(await readFile(path, 'utf8'))
    if (!parsed.ok) return damaged(parsed.error.message)
    return parsed.value.id === id ? parsed : damaged(`it holds counterexample ${parsed.value.id}`)
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? failed({ kind: 'none', message: `no counterexample ${id} in ${directory}` })
      : ioError('read', path, error)
  }
}

/** Reads the counterexample whose id starts with `prefix`: at least 4 hex digits that fit one only. */
export async function findCounterexample(
  directory: string,
  prefix: string,
): Promise<Result<Counterexample, StoreError>> {
  if (!/^[0-9a-f]{4,12}$/.test(prefix)) {
    const message = `'${prefix}' is no id of a counterexample: give ${PREFIX_MIN} to 12 lower-case hex digits of it`
    return failed({ kind: 'bad-id', message })
  }
  const listed = await listCounterexamples(directory)
  if (!listed.ok) return listed
  const ids = listed.value.filter((id) => id.startsWith(prefix))
  const [id, ...others] = ids
  if (id === undefined) return failed({ kind: 'none', message: `no counterexample ${prefix} in ${directory}` })
  if (others.length > 0) return failed({ kind: 'ambiguous', message: `${prefix} may be any of ${ids.join(', ')}`, ids })
  return loadCounterexample(directory, id)
}
