/** The two ends of a system call: the ghosts that say what has been promised, and where the result goes. */
import { and, contains, eq, isEmpty, isOneOf, ite, ne, not, self, truth, type Expr } from '../../language/expr.ts'
import { assert, join, leave, set, step, when, type Action, type Stmt } from '../../language/stmt.ts'
import type { Build, Syscall } from '../build.ts'
import { mm, page } from '../mm_types.ts'
import type { Operand } from './operation.ts'

export const returnStep = (on: Operand, result: Expr, more: readonly Action[] = []): Stmt =>
  step('return', 'return', [
    assert('ReturnsDocumented', isOneOf(result, ...on.results)),
    ...(on.register === undefined ? [] : [set(on.register, result)]),
    ...more,
  ])

/** An operation that promises nothing and takes nothing back. */
export const plain = (on: Operand): Syscall => ({ enter: [], leave: (result) => [returnStep(on, result)] })

/**
 * A promise is made when an install returns 0 (or what else stands for `success`), for each page of which no removal ran meanwhile; it
 * is withdrawn when a removal begins. Where no thread removes guards, the bookkeeping is left out.
 */
export const installing = (on: Operand, pages: readonly Expr[], success = '0'): Syscall => {
  const begin = pages.map((p) => when(isEmpty(page.removers(p)), [join(page.installers(p))]))
  const claim = (p: Expr): Action =>
    on.guardsAreRemoved
      ? when(contains(page.installers(p), self), [set(page.promised(p), true)])
      : set(page.promised(p), true)
  const end = on.guardsAreRemoved ? pages.map((p) => leave(page.installers(p))) : []
  return {
    enter: on.guardsAreRemoved ? [step('enter', 'system call entry', begin)] : [],
    leave: (result) => [returnStep(on, result, [when(eq(result, success), pages.map(claim)), ...end])],
  }
}

const withdrawFromFork = (p: Expr): readonly Action[] => [
  when(ite(ne(page.child(p), 'nil'), not(mm.live(page.mm(page.child(p)))), truth(false)), [
    set(page.promised(page.child(p)), false),
  ]),
]

/** An operation that may take guards away by right: MADV_GUARD_REMOVE, munmap(), and so on. */
export const removing = (on: Operand, pages: readonly Expr[]): Syscall => ({
  enter: [
    step(
      'enter',
      'system call entry',
      pages.flatMap((p) => [
        set(page.promised(p), false),
        set(page.installers(p), '{}'),
        join(page.removers(p)),
        // A fork that is under way may come before or after the removal.
        ...withdrawFromFork(p),
      ]),
    ),
  ],
  leave: (result) => [
    returnStep(
      on,
      result,
      pages.map((p) => leave(page.removers(p))),
    ),
  ],
})

/**
 * mremap() of `pages` to `places`: the promises of the old pages are withdrawn when it begins, and those
 * that held then are made for the new ones if it returns 0, unless a removal of either comes in between.
 * A promise on its way is an install in the books, of the old page as of the new one.
 */
export const moving = (on: Operand, pages: readonly Expr[], places: readonly Expr[]): Syscall => ({
  enter: [
    step(
      'enter',
      'system call entry',
      pages.flatMap((p, i): readonly Action[] => {
        const place = places[i]
        if (place === undefined) return []
        return [
          set(page.installers(place), '{}'),
          set(page.promised(place), false),
          set(page.installers(p), '{}'),
          when(and(page.promised(p), isEmpty(page.removers(place))), [
            join(page.installers(place)),
            join(page.installers(p)),
          ]),
          join(page.removers(place)),
          set(page.promised(p), false),
          join(page.removers(p)),
          ...withdrawFromFork(p),
          ...withdrawFromFork(place),
        ]
      }),
    ),
  ],
  leave: (result) => [
    returnStep(on, result, [
      ...pages.flatMap((p, i): readonly Action[] => {
        const place = places[i]
        if (place === undefined) return []
        const kept = and(contains(page.installers(p), self), contains(page.installers(place), self))
        return [when(and(eq(result, '0'), kept), [set(page.promised(place), true)])]
      }),
      ...[...places, ...pages].flatMap((p) => [leave(page.installers(p)), leave(page.removers(p))]),
    ]),
  ],
})

/** `results`, with what a failed allocation adds. */
export const oom = (k: Build, results: readonly string[], code: string): readonly string[] =>
  k.oom ? [...results, code] : results
