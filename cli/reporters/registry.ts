/** Reporters by name, and where each was sent: `--reporter NAME` or `--reporter NAME=FILE`. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { closest } from '../../model/litmus/suggest.ts'
import type { RunDocument } from '../document.ts'
import { reason, withHelp } from '../message.ts'
import { writeAll, writeAtomic } from '../nightly/atomic.ts'
import type { Style } from '../style.ts'
import { jsonl } from './events.ts'
import { html } from './html.ts'
import { junit } from './junit.ts'
import { ktap } from './ktap.ts'
import { markdown } from './markdown.ts'
import { atEnd, type Reporter, type Write } from './reporter.ts'
import { terminal } from './terminal.ts'

export const json = (run: RunDocument): string => `${JSON.stringify(run, null, 2)}\n`

export const REPORTERS = ['default', 'ktap', 'junit', 'json', 'jsonl', 'markdown', 'html'] as const
export type ReporterName = (typeof REPORTERS)[number]

export interface ReporterRequest {
  readonly name: ReporterName
  /** Standard output where it is absent. */
  readonly file?: string
}

/** Adds one to those of earlier options of the same kind. */
export function reporter(text: string, previous: readonly ReporterRequest[] = []): readonly ReporterRequest[] {
  const at = text.indexOf('=')
  const word = at < 0 ? text : text.slice(0, at)
  const file = at < 0 ? undefined : text.slice(at + 1)
  const name = REPORTERS.find((r) => r === word)
  if (name === undefined) {
    const near = closest(word, REPORTERS)
    throw new InvalidArgumentError(near === undefined ? `known: ${REPORTERS.join(', ')}` : `did you mean '${near}'?`)
  }
  if (file === '') throw new InvalidArgumentError(`a file is missing after '=', as in ${name}=out.${name}`)
  return [...previous, { name, ...(file === undefined ? {} : { file }) }]
}

function make(name: ReporterName, style: Style): (write: Write) => Reporter {
  switch (name) {
    case 'default':
      return terminal(style)
    case 'ktap':
      return atEnd(ktap)
    case 'junit':
      return atEnd(junit)
    case 'json':
      return atEnd(json)
    case 'jsonl':
      return jsonl
    case 'markdown':
      return atEnd(markdown)
    case 'html':
      return atEnd(html)
  }
}

/** Events are written as they come, everything else as a whole, so that no reader sees half a report. */
function toFile(name: ReporterName, path: string): Write {
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, name === 'jsonl' ? 'w' : 'a')
  if (name === 'jsonl')
    return (text) => {
      writeAll(fd, Buffer.from(text))
    }
  closeSync(fd)
  return (text) => {
    writeAtomic(path, text)
  }
}

/**
 * Opens all reporters of a run, before anything is checked: a file that cannot be written is known then.
 * The error is a message for errorText().
 */
export function openReporters(
  requests: readonly ReporterRequest[],
  style: Style,
  out: Write,
): Result<readonly Reporter[], string> {
  const onOutput = requests.filter((r) => r.file === undefined)
  if (onOutput.length > 1) {
    const names = onOutput.map((r) => r.name).join(' and ')
    return failed(
      withHelp(`${names} cannot share standard output`, 'give all but one of them a file, as in json=out.json'),
    )
  }
  const files = requests.flatMap((r) => r.file ?? [])
  const twice = files.find((f, i) => files.indexOf(f) !== i)
  if (twice !== undefined) return failed(withHelp(`two reporters write to '${twice}'`, 'give each its own file'))
  const opened: Reporter[] = []
  for (const { name, file } of requests) {
    if (file === undefined) {
      opened.push(make(name, style)(out))
      continue
    }
    try {
      const write = toFile(name, file)
      // A file of text holds all of it at once, however many pieces it comes in.
      const pieces: string[] = []
      const inner = make(name, style)(name === 'jsonl' ? write : (text) => void pieces.push(text))
      opened.push(
        name === 'jsonl'
          ? inner
          : {
              end: (run) => {
                inner.end(run)
                write(pieces.join(''))
              },
            },
      )
    } catch (e) {
      return failed(`cannot write '${file}': ${reason(e)}`)
    }
  }
  return ok(opened)
}
