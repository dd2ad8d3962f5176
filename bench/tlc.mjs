// TLC on an exported model, by the jar that TLC_JAR names, with one worker.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toTla } from '../dist/solver/export/tla.js'
import { timed } from './measure.mjs'

const JAR = process.env['TLC_JAR']
export const missing = () => (JAR === undefined ? ['TLC (TLC_JAR names no jar)'] : [])

/** Runs `use` with a search of the whole model: nothing is checked, so that it goes on to the last state. */
export function withTlc(model, { name }, use) {
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-bench-'))
  try {
    const { module, tla, cfg } = toTla(model, { scenario: name, kernel: '' }, { properties: [] })
    writeFileSync(join(directory, `${module}.tla`), tla)
    writeFileSync(join(directory, `${module}.cfg`), cfg)
    const args = ['-XX:+UseParallelGC', '-cp', JAR, 'tlc2.TLC', '-workers', '1', '-config', `${module}.cfg`]
    return use(() => {
      const { out, cpu, wall } = timed('java', [...args, `${module}.tla`], { cwd: directory })
      return { cpu, wall, states: Number(/(\d+) distinct states found/.exec(out)?.[1]) }
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
