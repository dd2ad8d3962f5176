/** Files that are there whole or not at all, whenever the process, or the machine, ends. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { sha256 } from '../../counterexamples/digest.ts'

/** Makes the entry of a new file in its directory last; some file systems cannot, and need not. */
function syncDirectory(directory: string): void {
  try {
    const fd = openSync(directory, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Windows, and some network file systems, refuse to open or to sync a directory.
  }
}

/** Writes all of it, from a position on or at the end. */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(fd, bytes, done, bytes.length - done, position === undefined ? null : position + done)
}

/** Writes a file by way of another one beside it. Throws as the file system does. */
export function writeAtomic(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const beside = `${path}.${process.pid}.tmp`
  const fd = openSync(beside, 'w')
  try {
    writeAll(fd, Buffer.from(text))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(beside, path)
  syncDirectory(dirname(path))
}

/** An object as one line that says itself whether it is whole: its digest, then the object. */
export const sealed = (body: unknown): string => {
  const text = JSON.stringify(body)
  return `{"sha256":"${sha256(text)}","body":${text}}`
}

/** The text of the body of a sealed line; undefined where the line is damaged. */
export function unsealed(line: string): string | undefined {
  const m = /^\{"sha256":"([0-9a-f]{64})","body":([^]*)\}$/.exec(line)
  const [, digest, body] = m ?? []
  return body !== undefined && sha256(body) === digest ? body : undefined
}
