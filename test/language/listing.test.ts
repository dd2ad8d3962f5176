import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import {
  and,
  bound,
  contains,
  eq,
  exists,
  field,
  hasAny,
  ite,
  literal,
  local,
  lt,
  not,
  or,
  render,
  truth,
  type Expr,
} from '../../model/language/expr.ts'
import { fold } from '../../model/language/listing/lines.ts'
import { listRoutine, listTree, routinesOf } from '../../model/language/listing.ts'
import { lockClass } from '../../model/language/lock.ts'
import type { Routine } from '../../model/language/routine.ts'
import {
  acquire,
  break_,
  call,
  check,
  continue_,
  if_,
  let_,
  lock,
  release,
  ret,
  set,
  step,
  tryAcquire,
  while_,
} from '../../model/language/stmt.ts'
import { bool, flagWord, int, nilable, refTo, subsetOf } from '../../model/language/types.ts'
import type { Build } from '../../model/mm/build.ts'
import { retract_page_tables } from '../../model/mm/khugepaged.ts'
import { sys_guard_install } from '../../model/mm/madvise.ts'

const golden = (name: string): string => readFileSync(new URL(`golden/${name}.txt`, import.meta.url), 'utf8')

function build(kernel: string): Build {
  const found = findKernel(kernel)
  if (found === undefined) throw new Error(`no kernel ${kernel}`)
  return { has: found.has, oom: false }
}
const install = (kernel: string): Routine => sys_guard_install(build(kernel), { enter: [], leave: () => [] })

function inside(routine: Routine, name: string): Routine {
  const found = routinesOf(routine).find((r) => r.name === name)
  if (found === undefined) throw new Error(`${routine.name} does not call ${name}`)
  return found
}

describe('listings that a kernel developer should recognise', () => {
  for (const kernel of ['v6.13', 'v7.0']) {
    it(`madvise_guard_install, ${kernel}`, () => {
      expect(listRoutine(inside(install(kernel), 'madvise_guard_install'))).toBe(
        golden(`madvise_guard_install-${kernel}`),
      )
    })
    it(`retract_page_tables, ${kernel}`, () => {
      expect(listRoutine(retract_page_tables(build(kernel)))).toBe(golden(`retract_page_tables-${kernel}`))
    })
    it(`pte_offset_map_lock, ${kernel}`, () => {
      expect(listRoutine(inside(install(kernel), 'pte_offset_map_lock'))).toBe(golden(`pte_offset_map_lock-${kernel}`))
    })
  }
  it('the whole system call, v7.0', () => {
    expect(listTree(install('v7.0'))).toBe(golden('sys_guard_install-v7.0'))
  })
  it('each routine once, in the order of the calls, no line too long', () => {
    const tree = listTree(install('v7.0'))
    const headers = tree.split('\n').filter((l) => /^\w/.test(l))
    expect(new Set(headers).size).toBe(headers.length)
    expect(headers[0]).toMatch(/^madvise\(start, end, MADV_GUARD_INSTALL\) {2}mm\/madvise.c/)
    expect(Math.max(...tree.split('\n').map((l) => l.length))).toBeLessThanOrEqual(100)
  })
})

const x = local('x', int(0, 3))
const done = local('done', bool)
const mutex = lockClass('node.mutex', 'mutex', 0, ['node'])
const node = local('node', refTo('node'))
const list = (body: Routine['body'], width?: number): string =>
  listRoutine(
    { name: 'f', file: 'mm/f.c', read: 'v1', params: [node], locals: [x, done], body },
    width === undefined ? {} : { width },
  )

describe('statements', () => {
  it('shows a once-through block as do { } while (0), and a retry as do { } while (cond)', () => {
    expect(list([while_(truth(true), [if_(done, [break_]), let_(x, 1), break_])])).toBe(
      `f(node)  mm/f.c  read: v1
    do {
        if (done)
            break
        x = 1
    } while (0)
`,
    )
    expect(list([while_(truth(true), [let_(x, 1), if_(eq(x, 2), [break_])])])).toContain('} while (x != 2)')
  })
  it('does not do so where a continue would change its meaning', () => {
    const text = list([while_(truth(true), [if_(done, [continue_]), break_])])
    expect(text).toContain('for (;;) {')
    expect(text).not.toContain('do {')
  })
  it('joins else-if, and names a check in the label column', () => {
    const three = [if_(eq(x, 0), [let_(x, 1), let_(done, true)], [check('late', done, [ret()])])]
    expect(list(three)).toBe(
      `f(node)  mm/f.c  read: v1
        if (x == 0) {
            x = 1
            done = true
  late  } else if (done) {
            return
        }
`,
    )
  })
  it('leaves a lock to the C text that says it, and says it where the C text does not', () => {
    expect(list([lock('l', 'mutex_lock(m)', mutex(node))])).not.toContain('|')
    expect(list([step('l', 'down(m)', [acquire(mutex(node))])])).toContain('| take node->mutex')
    expect(list([step('u', 'put(m)', [release(mutex(node))])])).toContain('| release node->mutex')
    expect(list([step('t', 'trylock(m)', [tryAcquire(mutex(node), done)])])).toContain(
      '| done = try to take node->mutex',
    )
  })
  it('shows choices, waits, reasons and what may sleep', () => {
    const s = step('s', 'wait()', [set(x, 1)], { choose: [done], await: eq(x, 0), atomic: 'because', sleeps: true })
    expect(list([s])).toBe(
      `f(node)  mm/f.c  read: v1
  s  wait() /* may sleep */
     /* atomic: because */
     | done = any of its values
     | wait until x == 0
     | x = 1
`,
    )
  })
  it('does not repeat an effect that the C text is', () => {
    expect(list([step('s', 'x = 1', [set(x, 1)])])).not.toContain('|')
  })
  it('folds within the width', () => {
    const g: Routine = { name: 'a_callee_with_a_name', file: 'g.c', read: '', params: [x, done], locals: [], body: [] }
    const text = list([call('go', g, [x, done]), step('s', 'word '.repeat(20).trim(), [])], 40)
    expect(Math.max(...text.split('\n').map((l) => l.length))).toBeLessThanOrEqual(40)
    expect(text.replace(/\s+/g, ' ')).toContain('word '.repeat(20).trim())
  })
})

describe('fold', () => {
  it('breaks after an operator rather than before it, and keeps a long word whole', () => {
    expect(fold('aaaa && bbbb cc', 13)).toEqual(['aaaa &&', 'bbbb cc'])
    expect(fold('a'.repeat(30), 10)).toEqual(['a'.repeat(30)])
  })
})

describe('render', () => {
  const flags = flagWord('f', ['A', 'B', 'C'])
  const w = local('w', flags)
  const page = local('at', refTo('page'))
  const first = field('pmd.first', ['pmd'], int(0, 9))
  const lead = field('page.pmd', ['page'], refTo('pmd'))
  const n = local('n', int(0, 9))
  const members = local('s', subsetOf('page'))
  const cases: readonly (readonly [Expr, string])[] = [
    [first(lead(page)), 'at->pmd->first'],
    [ite(lt(first(lead(page)), n), n, first(lead(page))), 'max(at->pmd->first, n)'],
    [ite(lt(n, first(lead(page))), n, first(lead(page))), 'min(n, at->pmd->first)'],
    [ite(done, n, x), 'done ? n : x'],
    [and(eq(x, 1), or(done, eq(x, 2))), 'x == 1 && (done || x == 2)'],
    [or(eq(x, 1), eq(x, 2), eq(x, 3)), 'x == 1 || x == 2 || x == 3'],
    [not(eq(x, 1)), 'x != 1'],
    [not(eq(done, false)), 'done'],
    [not(and(done, eq(x, 1))), '!(done && x == 1)'],
    [hasAny(w, 'A'), 'w & A'],
    [and(done, not(hasAny(w, 'A|B'))), 'done && !(w & (A | B))'],
    [not(contains(members, page)), '!(s contains at)'],
    [and(truth(true), or(truth(false), done)), 'done'],
    [and(done, truth(false)), 'false'],
    [and(lt(literal(nilable('page'), 'nil'), bound('p', 'page')), done), 'done'],
    [
      or(
        exists('page', 'p', (p) => eq(p, page)),
        done,
      ),
      '(exists p in page: p == at) || done',
    ],
  ]
  for (const [e, text] of cases)
    it(text, () => {
      expect(render(e)).toBe(text)
    })
})
