/** Reading operands: any kind of file, up to a size, without trusting what the file system says of it. */
import { closeSync, openSync, readSync } from 'node:fs'
import { failed, ok, type Result } from '../counterexamples/result.ts'
import { reason } from './message.ts'

const CHUNK_BYTES = 64 * 1024

/** How long to wait for input that is not there yet, in milliseconds. */
const WAIT_MS = 10

/** Bytes read; 0 at the end. Waits where standard input is set not to. */
function readSome(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk, 0, chunk.length, null)
    } catch (e) {
      if (!(e instanceof Error && 'code' in e && e.code === 'EAGAIN')) throw e
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS)
    }
  }
}

/**
 * The text of a file, or of standard input for `-`, as UTF-8 without a byte order mark. Pipes and devices
 * tell no size beforehand and some never end, so reading stops beyond `maxBytes`. The error is a reason.
 */
export function readText(path: string, maxBytes: number): Result<string, string> {
  try {
    const fd = path === '-' ? 0 : openSync(path, 'r')
    try {
      const parts: Buffer[] = []
      let total = 0
      for (;;) {
        const chunk = Buffer.alloc(CHUNK_BYTES)
        const n = readSome(fd, chunk)
        if (n === 0)
          return ok(
            Buffer.concat(parts)
              .toString('utf8')
              .replace(/^\uFEFF/, ''),
          )
        total += n
        if (total > maxBytes) return failed(`it has more than ${maxBytes} bytes`)
        parts.push(chunk.subarray(0, n))
      }
    } finally {
      if (fd !== 0) closeSync(fd)
    }
  } catch (e) {
    return failed(reason(e))
  }
}
