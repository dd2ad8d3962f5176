// SPIN's verifier of an exported model: built once in a directory of its own, then run.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toPromela } from '../dist/solver/export/promela.js'
import { timed } from './measure.mjs'

const there = (command, arg) => spawnSync(command, [arg]).status === 0
export const missing = () => [...(there('spin', '-V') && there('gcc', '--version') ? [] : ['SPIN (spin and gcc)'])]

/** Flags of the compiler, by what is asked of pan. */
export const VARIANTS = {
  full: ['-DNOREDUCE'],
  collapse: ['-DNOREDUCE', '-DCOLLAPSE'],
  por: [],
}

/** Runs `use` with a compiled verifier: its hash table and stack are sized for the states to come. */
export function withPan(model, { name, states, variant, first = false }, use) {
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-bench-'))
  try {
    writeFileSync(join(directory, 'a.pml'), toPromela(model, { scenario: name, kernel: '', states }))
    const generated = timed('spin', ['-a', '-o2', 'a.pml'], { cwd: directory })
    const built = timed('gcc', ['-O2', '-w', '-DSAFETY', ...VARIANTS[variant], '-o', 'pan', 'pan.c'], {
      cwd: directory,
    })
    const hash = Math.min(30, Math.max(16, Math.ceil(Math.log2(states)) + 1))
    const args = [first ? '-c1' : '-c0', `-m${Math.min(states + 10, 4_000_000)}`, `-w${hash}`]
    const run = () => {
      const { out, cpu, wall } = timed('./pan', args, { cwd: directory, codes: [0, 1] })
      if (/max search depth too small/.test(out)) throw new Error(`${name}: pan's stack is too small`)
      const figure = (pattern) => Number(pattern.exec(out)?.[1])
      return {
        cpu,
        wall,
        states: figure(/(\d+) states, stored/),
        // What the states take, with the table that finds them, without the stack of the search.
        stateBytes:
          1e6 * (figure(/([\d.]+)\s+actual memory usage for states/) + figure(/([\d.]+)\s+memory used for hash/)),
        peakBytes: 1e6 * figure(/([\d.]+)\s+total actual memory usage/),
      }
    }
    return use(run, generated.cpu + built.cpu)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
