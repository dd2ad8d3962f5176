/** What a run says of liveness is what `check` says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runDocument, type CellDocument } from '../../cli/document.ts'
import { readBaseline } from '../../cli/baseline.ts'
import { said, there } from './in_process.ts'

const LIVENESS = ['InstallEnds', 'OperationsEnd']

const cellsOf = (text: string): readonly CellDocument[] => runDocument.parse(JSON.parse(text)).cells

const ends = (cells: readonly CellDocument[]): unknown =>
  cells.map((c) => [c.kernel, c.properties.filter((p) => LIVENESS.includes(p.name))])

test('nightly judges it, against the record, where a thread goes on for ever', async () => {
  const name = 'install+keep_reading'
  await there(async (cwd) => {
    const ran = await said(['nightly', name, '--no-cache', '--jobs', '1', '--reporter', 'json=out.json'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const cells = cellsOf(readFileSync(join(cwd, 'out.json'), 'utf8'))
    expect(ends(cells)).toEqual(ends(cellsOf((await said(['check', name, '--json', '--no-save'])).stdout)))
    for (const c of cells) {
      expect(c.judged).toBe(true)
      const broken = c.properties.filter((p) => p.verdict === 'violated')
      expect(broken.map((p) => p.name)).toEqual(Object.keys(readBaseline()[name]?.[c.kernel]?.violations ?? {}))
      for (const p of broken)
        expect(p).toMatchObject({ endless: [expect.stringMatching(/guard_install|GUARD_INSTALL/)] })
      for (const x of c.counterexamples) expect(x.loopStart).toBeLessThan(x.trace.length)
    }
    expect(cells.flatMap((c) => c.counterexamples).length).toBeGreaterThan(0)
  })
})

test('--liveness asks it of every scenario, and is then held against no record', async () => {
  await there(async (cwd) => {
    const args = ['install+remove', '--liveness', '--no-cache', '--jobs', '1', '--reporter', 'json=out.json']
    for (const verb of ['check', 'nightly']) {
      expect(await said([verb, ...args])).toMatchObject({ code: 0, stderr: '' })
      for (const c of cellsOf(readFileSync(join(cwd, 'out.json'), 'utf8'))) {
        expect(c.judged).toBe(false)
        expect(c.properties).toContainEqual(expect.objectContaining({ name: 'OperationsEnd', verdict: 'holds' }))
      }
    }
    const plain = await said(['nightly', 'install+remove', '--no-cache', '--jobs', '1', '--reporter', 'json=out.json'])
    expect(plain.code).toBe(0)
    for (const c of cellsOf(readFileSync(join(cwd, 'out.json'), 'utf8')))
      expect(c.properties.map((p) => p.name)).not.toContain('OperationsEnd')
  })
})
