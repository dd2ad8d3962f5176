#!/usr/bin/env node
/** The process: arguments in, exit code out. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { EXIT, PIPE_CLOSED } from './exit.ts'
import { packageRoot } from './input.ts'
import { compileLate } from './late_compile.ts'
import { runProgram } from './program.ts'

compileLate()

const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))).version

// A reader that has seen enough (head, a pager) closes the pipe; that is no failure of ours.
const onStreamError = (e: NodeJS.ErrnoException): void => {
  if (e.code === 'EPIPE') process.exit(PIPE_CLOSED)
  throw e
}
process.stdout.on('error', onStreamError)
process.stderr.on('error', onStreamError)

try {
  process.exitCode = await runProgram(
    process.argv.slice(2),
    {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      outIsTty: process.stdout.isTTY,
      errIsTty: process.stderr.isTTY,
      env: process.env,
    },
    version,
  )
} catch (e) {
  process.stderr.write(`mmcheck: internal error: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`)
  process.exitCode = EXIT.internal.code
}
