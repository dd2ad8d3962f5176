/** Statements of scenarios with page frames as operations of the probe. */
import type { Stmt } from '../../model/litmus/ast.ts'
import { operationOf } from '../../model/scenarios/threads.ts'
import { by, madvise, op, type ProbeOp } from '../probe/operations.ts'
import type { OpResult } from '../probe/protocol.ts'
import { callOf, mappingOf, pageAt, type Call, type Geometry } from '../sequential/statements.ts'
import { pageOut, step, type Step } from './shapes.ts'

/** What holds the page of a `pin_read`: a pipe, a fixed buffer of io_uring, or the kernel's test of pins. */
type Holder = 'pipe' | 'uring' | 'gup'

export interface Placed {
  /** Performed one after the other; the last of them gives the result. */
  readonly steps: readonly Step[]
  readonly value: Call['value']
}

/** PIN_LONGTERM_TEST_FLAG_USE_FAST. */
const USE_FAST = 2
const CLEAR_SOFT_DIRTY = 4

/** As the selftest does: what may lack support, or a permission, is skipped. */
function noUring(r: OpResult): string | undefined {
  return r.kind === 'ok' ? undefined : `io_uring registers no buffer here: ${r.kind === 'error' ? r.errno : r.kind}`
}
function noGupTest(r: OpResult): string | undefined {
  if (r.kind !== 'error') return undefined
  if (r.errno === 'ENOENT' || r.errno === 'EACCES')
    return 'gup_test not available: /sys/kernel/debug/gup_test (CONFIG_GUP_TEST) cannot be opened'
  return r.errno === 'EINVAL' || r.errno === 'EPERM' ? `PIN_LONGTERM_TEST_START failed: ${r.errno}` : undefined
}

const zero = (): string => '0'
const counted: Call['value'] = (r) => String(r.value)
const alone = (o: ProbeOp, value: Call['value'] = zero): Placed => ({
  steps: [{ op: o, missing: () => undefined }],
  value,
})

const holderOf = (s: Stmt): Holder | undefined => {
  const { name } = operationOf(s)
  const [, word] = s.args
  const purpose = word?.kind === 'name' ? word.name.text : ''
  if (name === 'vmsplice') return 'pipe'
  if (name === 'pin' && purpose === 'longterm_write') return 'uring'
  return (name === 'pin' || name === 'pin_fast') && purpose === 'longterm' ? 'gup' : undefined
}

/** What the statement of a thread asks of the probe; undefined where nothing of a real kernel does it. */
export function placedOf(g: Geometry, all: readonly Stmt[], s: Stmt): Placed | undefined {
  const { name } = operationOf(s)
  const [first, second] = s.args
  if (name === 'exit') {
    const child = first?.kind === 'name' ? g.world.mms.indexOf(first.name.text) : -1
    // The selftest waits for its child: from then on nothing of it is mapped.
    return child > 0 ? { steps: [step(by(child, op('exit'))), step(op('wait', child))], value: zero } : undefined
  }
  const mapping = mappingOf(g, first)
  if (mapping === undefined) return alonePlaced(g, s)
  const range = first?.kind === 'pages' ? first.range : { first: 0, last: mapping.pages - 1 }
  const page = pageAt(g, mapping, range.first)
  const n = (range.last - range.first + 1) * g.block
  switch (name) {
    case 'load':
      return alone(op('load', page, n), counted)
    case 'store':
      return second?.kind === 'number' ? alone(op('store', page, n, second.value), () => 'ok') : undefined
    case 'reclaim':
      return { steps: pageOut(page, n), value: zero }
    case 'clear_refs':
      return alone(op('clear_refs', CLEAR_SOFT_DIRTY))
    case 'khugepaged':
      return { steps: [step(madvise(page, n, 'collapse'), 'MADV_COLLAPSE failed')], value: zero }
    case 'vmsplice':
      return alone(op('vmsplice', page, n))
    case 'pin':
    case 'pin_fast':
      if (holderOf(s) === 'uring') return { steps: [{ op: op('uring_pin', page, n), missing: noUring }], value: zero }
      if (holderOf(s) !== 'gup') return undefined
      return {
        steps: [{ op: op('gup_pin', page, n, name === 'pin_fast' ? USE_FAST : 0), missing: noGupTest }],
        value: zero,
      }
    case 'pin_read':
    case 'unpin': {
      const holder = all.flatMap((x) => holderOf(x) ?? [])[0]
      if (name === 'pin_read')
        return holder === undefined
          ? undefined
          : alone(op({ pipe: 'pipe_read', uring: 'uring_read', gup: 'gup_read' }[holder]), counted)
      return holder === 'uring' || holder === 'gup' ? alone(op(`${holder}_unpin`)) : undefined
    }
    default:
      return alonePlaced(g, s)
  }
}

function alonePlaced(g: Geometry, s: Stmt): Placed | undefined {
  const call = callOf(g, s)
  return call === undefined ? undefined : alone(call.op, call.value)
}
