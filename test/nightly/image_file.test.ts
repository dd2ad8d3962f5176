/** Checkpoints of the wasm engine on disk: they are taken up whole, or refused with a reason. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sealed, unsealed } from '../../cli/nightly/atomic.ts'
import { openImageWriter, readImage } from '../../cli/nightly/image_file.ts'
import type { Image } from '../../solver/wasm/checkpoint.ts'
import { inDirectory } from '../cli/spawn.ts'
import { said, there, ticking } from './in_process.ts'
import { timelessFile, withOtherDigit } from './support.ts'

test('a run of the wasm engine goes on from what its time left, and ends as one that nothing disturbed', async () => {
  await there(async (cwd) => {
    const args = ['check', 'install-punch+write', '--kernel', 'v7.0', '--engine', 'wasm', '--no-cache']
    const run = (...more: string[]): ReturnType<typeof said> =>
      said([...args, '--jobs', '1', '--run-dir', 'run', ...more, '--reporter', 'json=out.json'])
    expect(await run()).toMatchObject({ code: 0, stderr: '' })
    const whole = timelessFile(join(cwd, 'out.json'))
    expect(await ticking(() => run('--timeout', '1ms'))).toMatchObject({ code: 20, stderr: '' })
    const [cell = ''] = readdirSync(join(cwd, 'run', 'cells'))
    const directory = join(cwd, 'run', 'cells', cell)
    const path = join(directory, 'image.json')
    const good = readFileSync(path, 'utf8')
    const refused = async (text: string, message: string): Promise<void> => {
      writeFileSync(path, text)
      const ran = await run('--resume')
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr.replace(/\s+/g, ' ')).toContain(message)
    }
    await refused(withOtherDigit(good, 'transitions'), 'is damaged: its checksum is wrong')
    const foreign = (unsealed(good) ?? '').replace(/"model":"[0-9a-f]{64}"/, `"model":"${'0'.repeat(64)}"`)
    await refused(sealed(JSON.parse(foreign)), 'of another model')
    const memory = readdirSync(directory).filter((f) => f.startsWith('memory-'))
    expect(memory).toHaveLength(1)
    const bytes = readFileSync(join(directory, memory[0] ?? ''))
    const damaged = Buffer.from(bytes)
    damaged[bytes.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    writeFileSync(join(directory, memory[0] ?? ''), damaged)
    await refused(good, 'a checksum is wrong')
    truncateSync(join(directory, memory[0] ?? ''), 100)
    await refused(good, 'is damaged: it is cut short')
    writeFileSync(join(directory, memory[0] ?? ''), bytes)
    expect(await run('--resume')).toMatchObject({ code: 0, stderr: '' })
    expect(timelessFile(join(cwd, 'out.json'))).toBe(whole)
  })
})

test('a writer that nobody wants any longer leaves the last image as it was', async () => {
  const of = { cell: 'a @ v7.0', model: '1', code: '2', version: '0.1.0' }
  const image = (byte: number): Image => ({
    figures: {
      progressed: { head: 0, states: 1, depth: 0, expandedDepth: 0, levelEnd: 1, transitions: byte },
      globals: [-1],
      end: 0,
      next: 3,
      free: [[]],
      tableBytes: 0,
      tableLimit: 0,
      arenaStates: 0,
      memos: { sizes: [], lists: [], used: 0 },
      heads: [],
      tails: [],
    },
    memory: new Uint8Array([byte, byte, byte]),
  })
  await inDirectory(async (cwd) => {
    const directory = join(cwd, 'c')
    let wanted = true
    const writer = openImageWriter(directory, of, () => wanted)
    writer.save(image(1), 5)
    writer.save(image(2), 6)
    wanted = false
    writer.save(image(3), 7)
    // What a killed writer leaves does no harm to the next.
    const read = readImage(directory, of)
    expect(read).toEqual({ ok: true, value: { image: image(2), ms: 6 } })
    openImageWriter(directory, of, () => true).save(image(4), 8)
    expect(readImage(directory, of)).toEqual({ ok: true, value: { image: image(4), ms: 8 } })
    expect(readdirSync(directory).filter((f) => f.startsWith('memory-'))).toHaveLength(1)
    await Promise.resolve()
  })
})
