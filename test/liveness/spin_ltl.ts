/** Asks SPIN whether a response holds on every weakly fair run: `pan -a -f` on exported text with an LTL formula. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { toPromela } from '../../solver/export/promela.ts'

/** `from` and `until` are program counter values of one thread. */
export interface PcResponse {
  readonly thread: number
  readonly from: readonly number[]
  readonly until: readonly number[]
}

function pcName(text: string, m: LoweredModel, thread: number): string {
  const slot = m.slots[m.threads[thread]?.pcSlot ?? -1]?.name ?? ''
  const line = text.split('\n').find((l) => l.endsWith(`/* ${slot} */`))
  const name = /^\w+ +(\w+)/.exec(line ?? '')?.[1]
  if (name === undefined) throw new Error(`no variable for ${slot}`)
  return name
}

/**
 * Whether SPIN finds a weakly fair run on which the response never comes. (Without `-f` it still lets somebody
 * move at all times, which we do not assume where nothing is fair: then there is nothing to compare.)
 */
export function spinFindsLasso(m: LoweredModel, response: PcResponse): boolean {
  const text = toPromela(m, { scenario: 'a test', kernel: 'none' }, { properties: [] })
  const pc = pcName(text, m, response.thread)
  const among = (pcs: readonly number[]): string => `(${pcs.map((n) => `${pc} == ${n}`).join(' || ')})`
  const claim = `ltl comes { [] (${among(response.from)} -> <> ${among(response.until)}) }\n`
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-ltl-'))
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, {
      cwd: directory,
      encoding: 'utf8',
      timeout: 240_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  try {
    writeFileSync(join(directory, 'model.pml'), text + claim)
    run('spin', ['-a', '-o2', 'model.pml'])
    run('gcc', ['-O0', '-w', '-DNOREDUCE', '-DVECTORSZ=4096', '-DNFAIR=4', '-o', 'pan', 'pan.c'])
    const output = run('./pan', ['-a', '-f', '-m200000', '-w16'])
    const errors = /errors: (\d+)/.exec(output)?.[1]
    if (errors === undefined || /max search depth too small|out of memory/.test(output))
      throw new Error(`pan did not see every run:\n${output}`)
    if (errors !== '0' && !output.includes('acceptance cycle')) throw new Error(`pan found something else:\n${output}`)
    return errors !== '0'
  } finally {
    rmSync(directory, { recursive: true })
  }
}
