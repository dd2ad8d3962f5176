/** Exit codes that need more than a wrong word on the command line, each from a run that ends so. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EXIT } from '../../cli/exit.ts'
import { runDocument } from '../../cli/document.ts'
import { sealed, unsealed, writeAtomic } from '../../cli/nightly/atomic.ts'
import { build } from '../cli/build.ts'
import { ended, inDirectory } from '../cli/spawn.ts'
import { said, there, ticking } from './in_process.ts'
import { killPid, startGroup } from './support.ts'

/** On a kernel that is named, a scenario of the catalogue is judged by what is found and not by its record. */
const ARGS = ['--no-cache', '--jobs', '1', '--run-dir', 'run', '--reporter', 'json=out.json']

test('deadlock: nothing else is violated', async () => {
  await there(async () => {
    expect(await said(['check', 'read+register-install', '--kernel', 'v6.15', ...ARGS])).toMatchObject({
      code: EXIT.deadlock.code,
      stderr: '',
    })
  })
})

test('vacuous: with --strict, and not without', async () => {
  await there(async () => {
    const args = ['check', 'missing-anon', '--kernel', 'v7.0', ...ARGS]
    expect(await said([...args, '--strict'])).toMatchObject({ code: EXIT.vacuous.code, stderr: '' })
    expect(await said(args)).toMatchObject({ code: EXIT.ok.code, stderr: '' })
  })
})

test('disagree: a checkpoint was forged so that its search shows a violation that the reference interpreter does not see', async () => {
  await there(async (cwd) => {
    const args = ['check', 'install-punch+write', '--kernel', 'v7.0', ...ARGS]
    expect((await ticking(() => said([...args, '--timeout', '1ms']))).code).toBe(EXIT.incomplete.code)
    const [cell = ''] = readdirSync(join(cwd, 'run', 'cells'))
    const path = join(cwd, 'run', 'cells', cell, 'head.json')
    const body = unsealed(readFileSync(path, 'utf8')) ?? ''
    // The initial state is said to break the first property. Checksums keep from accidents, not from this.
    const forged = body.replace(/"broken":\[-1,/, '"broken":[0,')
    expect(forged).not.toBe(body)
    writeAtomic(path, sealed(JSON.parse(forged)))
    expect(await said([...args, '--resume'])).toMatchObject({ code: EXIT.disagree.code })
    const { cells } = runDocument.parse(JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')))
    expect(cells).toMatchObject([{ verdict: 'disagree' }])
    expect(cells[0]?.problem).toContain('does not end in the violation')
    expect(cells[0]?.counterexamples).toEqual([])
  })
})

test.skipIf(process.platform !== 'linux')('crash: the solver was killed, and nothing is known', async () => {
  await build()
  await inDirectory(async (cwd) => {
    const args = ['check', 'install+read', '--kernel', 'v7.0', '--engine', 'smt', '--no-save', '--json']
    const child = startGroup(args, cwd)
    const over = ended(child)
    const state = { over: false }
    void over.then(() => {
      state.over = true
    })
    const children = `/proc/${child.pid ?? 0}/task/${child.pid ?? 0}/children`
    while (!state.over) {
      const pids = existsSync(children) ? readFileSync(children, 'utf8').trim().split(' ') : []
      for (const pid of pids.filter((p) => p !== '')) killPid(Number(pid))
      await sleep(20)
    }
    const ran = await over
    expect(ran).toMatchObject({ code: EXIT.unknown.code, stderr: '' })
    expect(runDocument.parse(JSON.parse(ran.stdout)).cells).toMatchObject([
      { verdict: 'crash', search: { complete: false, stopped: 'crash' } },
    ])
  })
})
