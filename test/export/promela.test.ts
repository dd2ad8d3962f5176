/** SPIN's verifier, run on what we export, must see the same states as our own engine. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { toPromela } from '../../solver/export/promela.ts'
import { brokenInvariants, initialState } from '../../solver/reference/interpreter.ts'
import { and, assert, at, bin, eq, model, not, num, set, slot } from '../engines/build.ts'
import { philosophers } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { catalogueModels, handModels, told, wholeCatalogue } from './expected.ts'
import { spinLack, verify, withSpin } from './spin.ts'

const HEADER = { scenario: 'a test', kernel: 'none' }
const STATES_MAX = 20_000

/** Verifies a model, with and without looking at violations, and compares all that SPIN says with what we say. */
function compare(m: LoweredModel): void {
  const ours = searchExplicit(m, { maxStates: STATES_MAX })
  expect(ours.incomplete).toBeUndefined()
  const { deadlock, violated, finalStates } = told(m, ours)
  const watched = m.properties.some(({ kind }) => kind === 'deadlock')
  // SPIN counts the initial state as a transition. We let it stay in final states, and look at a bad initial one.
  const bad = brokenInvariants(m, initialState(m)).length > 0
  const transitions = ours.transitions + 1 + (watched ? finalStates : 0) + (bad ? 1 : 0)
  const errors = [...violated].map((name) => `assertion violated ${name}`)
  const [counted, checked] = verify(toPromela(m, HEADER), [['-A', '-E'], ['-c0']])
  expect(counted).toEqual({ states: ours.states, transitions, errors: [] })
  expect(checked).toEqual({
    states: ours.states,
    transitions,
    errors: [...errors, ...(deadlock ? ['invalid end state'] : [])].sort(),
  })
}

describe.skipIf(spinLack !== undefined)(withSpin('SPIN sees our states, our violations and our deadlocks'), () => {
  test.each(catalogueModels())('%s', (_, m) => compare(m))

  test.each(handModels())('%s', (_, m) => compare(m))

  test('random models', () => {
    let compared = 0
    const seen = { violated: 0, deadlock: 0, choices: 0 }
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const ours = searchExplicit(m, { maxStates: STATES_MAX })
        fc.pre(ours.incomplete === undefined && ours.states > 5)
        compare(m)
        const { deadlock, violated } = told(m, ours)
        compared++
        if (deadlock) seen.deadlock++
        if (violated.size > 0) seen.violated++
        if (m.steps.some(({ choices }) => choices.length > 0)) seen.choices++
      }),
      { numRuns: 15, seed: 11, endOnFailure: true },
    )
    expect(compared).toBe(15)
    expect(Math.min(seen.violated, seen.deadlock, seen.choices)).toBeGreaterThan(1)
  })

  test('an initial state that is bad already, and a daemon that never ends', () => {
    const slots = [slot('x', 0, 3), slot('ghost only', 0, 3, { kind: 'ghost' })]
    const tick = { body: [set(0, bin('band', bin('add', at(0), num(1)), num(3)))], to: 0 }
    const once = { guard: eq(at(0), num(2)), body: [set(1, at(0)), assert(1, eq(at(1), num(1)))], to: 1 }
    const m = model(slots, [[tick], [once]], {
      daemons: [0],
      properties: [
        { name: 'NotZero', kind: 'invariant' },
        { name: 'One', kind: 'assertion' },
        { name: 'D', kind: 'deadlock' },
      ],
      invariants: [{ property: 0, expr: not(and(eq(at(0), num(0)), eq(at(1), num(0)))) }],
    })
    expect(searchExplicit(m).states).toBe(8)
    compare(m)
  })

  test('what is only written makes states too', () => {
    // Nothing reads the slot, which SPIN drops unless told not to.
    const two = model([slot('seen', 0, 4)], [[{ body: [set(0, 1)], to: 1 }], [{ body: [set(0, 2)], to: 1 }]])
    compare(two)
    expect(searchExplicit(two).states).toBe(5)
  })

  test('properties can be left out', () => {
    const m = philosophers(3)
    expect(verify(toPromela(m, HEADER, { properties: [] }), [['-c0']])).toMatchObject([{ states: 14, errors: [] }])
  })
})

const WHOLE = wholeCatalogue()

describe('the text', () => {
  const evil = '*/ ); assert(false) /* "\n#include "x"\\\u2028\u00e9'

  test('of cells of the catalogue is plain ASCII, with every name legal and none too many', () => {
    for (const [title, m] of WHOLE) {
      const text = toPromela(m, { scenario: title, kernel: 'v7.0', about: [title] })
      expect(text).toMatch(/^[\n\x20-\x7e]*$/)
      const declared = [...text.matchAll(/^(?:bit|byte|short|int|hidden \w+) +(\w+)/gm)].map((d) => d[1] ?? '')
      const macros = [...text.matchAll(/^#define (\w+)/gm)].map((d) => d[1] ?? '')
      expect(new Set([...declared, ...macros]).size).toBe(declared.length + macros.length)
    }
  })

  test('says how to run it, and what to expect', () => {
    const text = toPromela(philosophers(3), { scenario: 'ring', kernel: 'v7.0', states: 14, violated: ['Deadlock'] })
    const head = text.slice(0, text.indexOf('*/'))
    expect(head).toContain('spin -a -o2 ring_v7_0.pml && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c')
    expect(head).toContain('Expected: 14 states.')
    expect(head).toContain('violated: Deadlock.')
  })

  test('takes no name or text as it is', () => {
    const m = model(
      [slot(evil, 0, 1), slot('active', 0, 1), slot('linux', 0, 1)],
      [[{ body: [set(0, 1), set(1, 1), set(2, 1), assert(0, at(0))], to: 1 }]],
    )
    const named = JSON.stringify({ ...m, properties: [{ name: evil, kind: 'assertion' }] })
      .replaceAll('"label":"P0.0"', `"label":${JSON.stringify(evil)}`)
      .replaceAll('"text":""', `"text":${JSON.stringify(evil)}`)
    const bad: LoweredModel = JSON.parse(named)
    const text = toPromela(bad, { scenario: evil, kernel: evil, file: evil, about: [evil] })
    expect(text).toMatch(/^[\n\x20-\x7e]*$/)
    const code = text.replace(/\/\*[^]*?\*\//g, '')
    expect(code).not.toMatch(/#include|\bfalse\b|"|\\/)
    expect(code).not.toMatch(/^(bit|byte) +(active|linux)\b/m)
    if (spinLack === undefined) expect(verify(text, [['-c0']])).toMatchObject([{ states: 2 }])
  })

  test('holds numbers only', () => {
    const m = JSON.stringify(model([slot('x', 0, 3)], [[{ body: [set(0, 2)], to: 1 }]]))
    const bad: LoweredModel = JSON.parse(m.replace('"value":2', '"value":"2; assert(0)"'))
    expect(() => toPromela(bad, HEADER)).toThrow()
  })
})
