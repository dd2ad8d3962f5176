/** A Redis server of this machine for one test file: on loopback, on a port of its own, keeping nothing. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether the machine has one; Debian's package is redis-server. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).status === 0

/** A port that nobody listens on now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  })

export interface Redis {
  readonly url: string
  readonly stop: () => Promise<void>
}

export async function startRedis(): Promise<Redis> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-redis-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  const server: ChildProcess = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', () => {
      reject(new Error('redis-server ended at once'))
    })
    let said = ''
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Ready to accept connections')) resolve()
    })
  })
  server.removeAllListeners('exit')
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      const gone = new Promise((resolve) => void server.once('exit', resolve))
      server.kill('SIGKILL')
      await gone
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
