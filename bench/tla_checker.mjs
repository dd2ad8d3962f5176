// A checker of TLA+ that others wrote (npm: tla-checker), on an exported model: not TLC, whose jar no registry has.
// `node bench/tla_checker.mjs MODEL` is one search of it in a process of its own, figures as JSON.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { check_spec_with_cfg, initSync } from 'tla-checker'
import { toTla } from '../dist/solver/export/tla.js'
import { modelOf } from './cases.mjs'

const LIMITS = { states: 2 ** 24, depth: 2 ** 24 }

const [name] = process.argv.slice(2)
const wasm = createRequire(import.meta.url).resolve('tla-checker/tla_checker_bg.wasm')
initSync({ module: readFileSync(wasm) })
const { tla, cfg } = toTla(modelOf(name), { scenario: name, kernel: '' }, { properties: [] })
const before = process.cpuUsage()
const start = performance.now()
// It stops at what has no successor unless told that this is no fault.
const answer = JSON.parse(check_spec_with_cfg(tla, cfg, '{}', LIMITS.states, LIMITS.depth, true, false))
const wall = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(before)
if (!answer.success) throw new Error(`tla-checker: ${answer.error_type}: ${answer.error_message}`)
console.log(JSON.stringify({ states: answer.states_explored, cpu: (user + system) / 1e6, wall }))
