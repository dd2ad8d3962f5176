/**
 * What a check asks, as an SMT-LIB 2 file that any solver reads: each query has the answer that it got as
 * its `:status`, which solvers hold against their own.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Mutable: the commands so far. */
export interface SmtLog {
  readonly parts: string[]
}

export const newLog = (): SmtLog => ({ parts: [] })

/** Commands before the next query. */
export const logCommands = (log: SmtLog | undefined, text: string): void => {
  log?.parts.push(text)
}

/** A query, once it has been answered. */
export const logQuery = (log: SmtLog | undefined, status: string, command: string): void => {
  log?.parts.push(`(set-info :status ${status})\n${command}`)
}

const HEAD = '; written by mmcheck: bounded checking, one query per depth and round\n(set-info :smt-lib-version 2.6)\n'

/** The whole file. */
export const logText = (log: SmtLog, logic: string): string =>
  `${HEAD}(set-option :produce-models true)\n(set-logic ${logic})\n${log.parts.join('')}(exit)\n`

/** `install+collapse.v7.0.smt2`: a name that every file system takes. */
export const logName = (scenario: string, kernel: string): string =>
  `${`${scenario}.${kernel}`.replaceAll(/[^A-Za-z0-9.+_-]+/g, '-')}.smt2`

/** Writes the file; throws where the directory cannot be written. */
export function writeLog(directory: string, name: string, log: SmtLog): string {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, name)
  writeFileSync(path, logText(log, 'QF_UF'))
  return path
}
