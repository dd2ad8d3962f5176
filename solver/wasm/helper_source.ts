/**
 * What a worker thread runs that helps in a search: plain JavaScript, so that it starts from source files
 * and from compiled ones alike. All it needs to know of a model is in the module that it is given.
 */
export const HELPER_SOURCE = `
const { workerData } = require('node:worker_threads')
const { module, worker, frame, memory, control, words, works, handed, handedAt, spins } = workerData
const cells = new Int32Array(memory.buffer, control, 64)
const fault = () => { throw new RangeError('a slot left its range') }
const { exports: made } = new WebAssembly.Instance(module, { env: { memory, fault } })
made.frame.value = frame
const figures = new Int32Array(memory.buffer, handedAt, handed.length)
const globals = handed.map((name) => made[name])
let turn = 0
let edition = 0
Atomics.add(cells, words.ready, 1)
for (;;) {
  for (let i = 0; i < spins && Atomics.load(cells, words.turn) === turn; i++);
  while (Atomics.load(cells, words.turn) === turn) Atomics.wait(cells, words.turn, turn)
  turn = Atomics.load(cells, words.turn)
  const work = made[works[cells[words.work]]]
  if (work === undefined) break
  if (edition !== cells[words.edition]) globals.forEach((global, i) => { global.value = figures[i] })
  edition = cells[words.edition]
  try {
    work(worker)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    Atomics.store(cells, words.fault, 1)
  }
  Atomics.add(cells, words.done, 1)
  Atomics.notify(cells, words.done)
}
`
