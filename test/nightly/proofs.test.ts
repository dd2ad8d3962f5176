/** Recorded proofs as cells of a run: held against the solver, red where they are lost, skipped where there is none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runDocument, type CellDocument, type RunDocument } from '../../cli/document.ts'
import { allRecordedProofs, recordedProof } from '../../cli/proofs.ts'
import { NEWEST, PROVED_KERNELS } from '../../cli/proof_words.ts'
import { withExit } from '../../cli/nightly/document_of.ts'
import { proofKey, proofName, proofRows, type ProofRow } from '../../cli/nightly/proof_cells.ts'
import { runProof, uncheckedProof, type ProofRun } from '../../cli/nightly/proof_run.ts'
import { junit } from '../../cli/reporters/junit.ts'
import { ktap } from '../../cli/reporters/ktap.ts'
import { standing } from '../../cli/reporters/reporter.ts'
import { summaryLines } from '../../cli/reporters/terminal.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { prepare } from '../../solver/prove/prove.ts'
import type { ProofRecord } from '../../solver/prove/record.ts'
import { said, there } from './in_process.ts'

/** The quickest of them. */
const ROW: ProofRow = { property: 'ZapKeepsGuards', core: 'files on plain', kernels: [NEWEST] }
const record = recordedProof({ ...ROW, kernel: NEWEST })
const item = ITEMS.find((i) => i.property === ROW.property && i.core.name === ROW.core)
const kernel = findKernel(NEWEST)
if (record === undefined || item === undefined || kernel === undefined) throw new Error('nothing is recorded')

const documents = async (run: Partial<ProofRun>): Promise<readonly CellDocument[]> =>
  (await runProof({ row: ROW, beat: () => undefined, ...run })).map((r) => r.document)

const runOf = (cells: readonly CellDocument[]): RunDocument =>
  withExit({
    format: 'mmcheck-result',
    version: { major: 1, minor: 2 },
    cells: [...cells],
    errors: [],
    kept: null,
  })

test('every recorded proof is a cell on each of its kernels, once', () => {
  const records = allRecordedProofs().filter((r) => r.claims.length > 0)
  const all = proofRows(['all'], records)
  const keys = all.flatMap(({ row }) => row.kernels.map((k) => proofKey(row, k)))
  expect(keys.toSorted()).toEqual(records.map((r) => proofKey({ ...r, kernels: [] }, r.kernel)).toSorted())
  for (const { cost } of all) expect(cost).toBeGreaterThan(0)
  const newest = proofRows([NEWEST], records)
  expect(newest.every(({ row }) => row.kernels.join() === NEWEST)).toBe(true)
  expect(newest.length).toBe(records.filter((r) => r.kernel === NEWEST).length)
  expect(proofRows([NEWEST, 'ZapKeepsGuards', 'files_on_plain'], records).map(({ row }) => row)).toEqual([ROW])
  expect(proofRows([], records)).toEqual([])
  expect(PROVED_KERNELS).toContain(NEWEST)
})

describe('a proof', () => {
  test('is red where the claim is no longer shown, and says which step is in the way', async () => {
    // It says that nobody comes to where everybody does.
    const [lemma] = record.lemmas
    if (lemma?.labels === undefined) throw new Error('no lemma of labels')
    const labels = prepare(item, kernel, []).setup.system.labels.map((l) => l.name)
    const reached = labels.filter((l) => !(lemma.labels ?? []).includes(l))
    const wrong: ProofRecord = { ...record, lemmas: [{ ...lemma, labels: reached.slice(1) }] }
    const [cell] = await documents({ recorded: () => wrong })
    expect(cell).toMatchObject({ verdict: 'unknown', judged: true, outcome: 'violated', search: { complete: true } })
    expect(cell?.notAsExpected[0]).toMatch(
      /^truncation \(even_cows\): recorded as proved, and no longer shown; not shown: .*; (by|at the start) /,
    )
    expect(cell && standing(cell)).toBe('fail')
    expect(runOf(cell === undefined ? [] : [cell]).exit).toBe(10)
  })

  test('of a claim that no model has any longer is red as well', async () => {
    const [cell] = await documents({ recorded: () => ({ ...record, core: 'gone' }) })
    expect(cell?.outcome).toBe('violated')
    expect(cell?.notAsExpected).toContain('hole punch: recorded as proved, and no model has such a claim any longer')
  })

  test('is skipped, by name, where there is no solver', async () => {
    const cells = await documents({ solver: '/nonexistent/z3' })
    expect(cells).toMatchObject([{ verdict: 'unknown', outcome: 'skipped' }])
    const run = runOf(cells)
    expect(run.exit).toBe(77)
    expect(ktap(run)).toMatch(/ok 1 v7\.0 # SKIP no solver: there is no program '\/nonexistent\/z3'/)
    expect(ktap(run)).toContain('# Totals: pass:0 fail:0 xfail:0 xpass:0 skip:1 error:0')
    expect(junit(run)).toContain('skipped: no solver')
    expect(summaryLines(run).join('\n')).toContain('1 skipped')
  })

  test('whose solver ends, or whose time is over, says nothing of its claims', async () => {
    const [dead] = await documents({ solver: '/bin/false' })
    expect(dead).toMatchObject({ verdict: 'unknown', outcome: 'unknown', search: { complete: false } })
    const [late] = await documents({ maxMs: 0 })
    expect(late).toMatchObject({ verdict: 'timeout', outcome: 'incomplete', search: { stopped: 'time' } })
    const [none] = uncheckedProof(ROW, 'budget')
    expect(none?.document).toMatchObject({ verdict: 'timeout', search: { stopped: 'budget' } })
  })
})

test('proofs go on where the budget of a run ended, are told in every report, and are kept', async () => {
  await there(async (cwd) => {
    const args = ['nightly', 'install+read', '--proofs', 'v7.0,files_on_plain', '--jobs', '1', '--run-dir', 'run']
    const run = (more: readonly string[], out: string): ReturnType<typeof said> =>
      said([
        ...args,
        ...more,
        '--reporter',
        `json=${out}`,
        '--reporter',
        'ktap=out.ktap',
        '--reporter',
        'junit=out.xml',
      ])
    expect(await run(['--budget', '1ms'], 'short.json')).toMatchObject({ code: 20, stderr: '' })
    expect(await run(['--resume'], 'resumed.json')).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(join(cwd, 'out.ktap'), 'utf8')).toMatch(
      /ok 2 truncation \(even_cows\)\n {4}ok 3 hole punch\n {2}# 1 lemmas, \d+ questions\n {2}ok 1 v7\.0\nok 2 proof\.ZapKeepsGuards\.files_on_plain\n/,
    )
    expect(readFileSync(join(cwd, 'out.xml'), 'utf8')).toContain('<testcase name="v7.0: hole punch"')
    const { cells } = runDocument.parse(JSON.parse(readFileSync(join(cwd, 'resumed.json'), 'utf8')))
    expect(cells.at(-1)).toMatchObject({
      scenario: proofName(ROW),
      kernel: NEWEST,
      verdict: 'holds',
      judged: true,
      properties: [
        { name: 'truncation (even_cows)', verdict: 'holds' },
        { name: 'hole punch', verdict: 'holds' },
      ],
    })
    expect(await run([], 'again.json')).toMatchObject({ code: 0 })
    const again = runDocument.parse(JSON.parse(readFileSync(join(cwd, 'again.json'), 'utf8')))
    expect(again.cells.every((c) => c.cached)).toBe(true)
    const refused = await said(['nightly', '--proofs', 'files_on_plian'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain("did you mean 'files_on_plain'?")
  })
})
