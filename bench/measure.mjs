// What a child process costs. CPU time is what counts on a machine that others use too; the load stands beside.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

const TIMED = 'TIMEFORMAT="%3U %3S %3R"; { time "$@" 2>&4; } 4>/dev/null'

/** Runs a command; gives its output, CPU and wall seconds. Throws where it ends otherwise than expected. */
export function timed(command, args, { cwd, codes = [0] } = {}) {
  const ran = spawnSync('bash', ['-c', TIMED, 'bash', command, ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (!codes.includes(ran.status)) throw new Error(`${command} ended with ${ran.status}: ${ran.stderr.slice(-500)}`)
  const [user, system, wall] = ran.stderr.trim().split('\n').at(-1).split(' ').map(Number)
  return { out: ran.stdout, cpu: user + system, wall }
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** The load of the last minute, as the kernel tells it; NaN where it does not. */
export function load() {
  try {
    return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0])
  } catch {
    return NaN
  }
}

export const machine = () => `${cpus().length} x ${cpus()[0]?.model.trim() ?? '?'}, Node ${process.version}`
