import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { counterexampleId, idSteps } from '../../counterexamples/id.ts'
import {
  MAX_BYTES,
  parseCounterexample,
  recordedIdSteps,
  resolveMoves,
  toJson,
  type Counterexample,
} from '../../counterexamples/json.ts'
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { SEED } from '../support/seed.ts'
import { sampleFile } from './sample_file.ts'
import { sampleModel, sampleMoves } from './sample_model.ts'
import { sampleTrace } from './sample_mail.ts'

const text = toJson(sampleFile())

/** The file with one top-level field replaced; undefined takes it away. */
const edited = (field: string, value: unknown): string => {
  const data: unknown = JSON.parse(text)
  return JSON.stringify({ ...(typeof data === 'object' ? data : {}), [field]: value })
}
const errorOf = (json: string): string => {
  const parsed = parseCounterexample(json)
  return parsed.ok ? 'parsed' : `${parsed.error.kind}: ${parsed.error.message}`
}

describe('round trip', () => {
  test('of the sample, to the letter', () => {
    expect(parseCounterexample(text)).toEqual({ ok: true, value: sampleFile() })
    expect(JSON.parse(text)).toMatchObject({ format: 'mmcheck-counterexample', version: { major: 1, minor: 0 } })
  })
  test('of any counterexample', () => {
    const s = fc.string({ unit: 'grapheme', maxLength: 8 })
    const list = fc.array(s, { maxLength: 3 })
    // zod drops a key of this name, since it would set a prototype; no variable is called so.
    const name = s.filter((key) => key !== '__proto__')
    const any: fc.Arbitrary<Counterexample> = fc.record({
      id: fc.stringMatching(/^[0-9a-f]{12}$/),
      title: s,
      scenario: fc.record({ name: s, kernel: s, litmus: s }),
      property: fc.record({ name: s, statement: s, source: list }),
      trace: fc.array(
        fc.record({
          thread: s,
          label: s,
          function: s,
          file: s,
          text: s,
          choices: fc.array(fc.record({ name: s, value: s }), { maxLength: 2 }),
          changes: fc.dictionary(name, fc.tuple(s, s), { maxKeys: 3, noNullPrototype: true }),
        }),
        { maxLength: 3 },
      ),
      scope: list,
      assumptions: list,
    })
    fc.assert(
      fc.property(any, (c) => {
        expect(parseCounterexample(toJson(c))).toEqual({ ok: true, value: c })
      }),
      { seed: SEED },
    )
  })
  test('the id can be computed from the file as from the trace', () => {
    const of = (steps: ReturnType<typeof idSteps>): string =>
      counterexampleId({ scenario: '', kernel: '', property: '', steps })
    expect(of(recordedIdSteps(sampleFile().trace))).toBe(of(idSteps(sampleTrace())))
  })
  test('changes leave program counters out', () => {
    expect(sampleFile().trace[3]?.changes).toEqual({ pte0: ['none', 'guard'] })
  })
  test('a later minor version may have more fields', () => {
    const data: unknown = JSON.parse(edited('version', { major: 1, minor: 7 }))
    const more = JSON.stringify({ ...(typeof data === 'object' ? data : {}), later: [1] })
    expect(parseCounterexample(more)).toEqual({ ok: true, value: sampleFile() })
  })
})

describe('damaged files give an error that says where', () => {
  test.each([
    ['', /^syntax: not JSON: /],
    ['{', /^syntax: not JSON: /],
    [text.slice(0, -20), /^syntax: not JSON: /],
    ['null', /^shape: /],
    ['[]', /^shape: /],
    ['{}', /^shape: format: /],
    [edited('format', 'itf'), /^shape: format: /],
    [edited('version', 1), /^shape: version: /],
    [
      edited('version', { major: 2, minor: 3 }),
      /^version: format version 2\.3: this mmcheck reads version 1\.x; a newer/,
    ],
    [edited('version', { major: 0, minor: 1 }), /^version: .*an older mmcheck/],
    [edited('id', '../../etc/x'), /^shape: id: not 12 lower-case hex digits/],
    [edited('id', '3F9C1A77D20E'), /^shape: id: /],
    [edited('title', undefined), /^shape: title: /],
    [edited('trace', {}), /^shape: trace: /],
    [edited('trace', [{ thread: 'P0' }]), /^shape: trace\[0\]\.label: /],
    [edited('scope', [1]), /^shape: scope\[0\]: /],
    [edited('property', { name: 'x', statement: 'y', source: 'z' }), /^shape: property\.source: /],
  ])('%#', (json, expected) => {
    expect(errorOf(json)).toMatch(expected)
    expect(errorOf(json)).not.toContain('\n')
  })
  test('a change must have a from and a to', () => {
    const step = { ...sampleFile().trace[0], changes: { pte0: ['none'] } }
    expect(errorOf(edited('trace', [step]))).toMatch(/^shape: trace\[0\]\.changes\.pte0/)
  })
  test('too large', () => {
    expect(errorOf(' '.repeat(MAX_BYTES + 1))).toMatch(/^size: /)
  })
  test('any cut or flipped byte: an error or a counterexample, never an exception', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, put) => {
        const parsed = parseCounterexample(text.slice(0, at) + put + text.slice(at + 1))
        expect(typeof parsed.ok).toBe('boolean')
      }),
      { seed: SEED },
    )
  })
  test('a key that would set a prototype sets none', () => {
    const json = edited('title', 'x').replace('"changes":{', '"changes":{"__proto__":["a","b"],')
    const parsed = parseCounterexample(json)
    expect(parsed.ok && Object.keys(parsed.value.trace[0]?.changes ?? {})).not.toContain('__proto__')
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })
})

describe('from a file back to moves', () => {
  test('of the sample', () => {
    expect(resolveMoves(sampleModel, sampleFile().trace)).toEqual({ ok: true, value: sampleMoves })
  })
  test('though the model numbers its steps otherwise', () => {
    const last = sampleModel.steps.length - 1
    const renumbered = { ...sampleModel, steps: sampleModel.steps.map((s) => ({ ...s, id: last - s.id })) }
    const moves = sampleMoves.map((m) => ({ ...m, step: last - m.step }))
    expect(resolveMoves(renumbered, sampleFile().trace)).toEqual({ ok: true, value: moves })
  })
  const messageOf = (model: LoweredModel, changed: Partial<Counterexample['trace'][number]>): string => {
    const [first, ...rest] = sampleFile().trace
    if (first === undefined) throw new Error('the sample has no step')
    const resolved = resolveMoves(model, [{ ...first, ...changed }, ...rest])
    return resolved.ok ? JSON.stringify(resolved.value[0]) : resolved.error.message
  }
  const choosing = (step: Step): Step =>
    step.label === 'collapse.retract.check' ? { ...step, choices: [{ slot: 2, lo: 0, hi: 2 }] } : step
  const chooser: LoweredModel = { ...sampleModel, steps: sampleModel.steps.map(choosing) }
  test('with the values chosen', () => {
    expect(messageOf(chooser, { choices: [{ name: 'pte0', value: 'page' }] })).toBe('{"step":5,"choices":[2]}')
  })
  test.each([
    [sampleModel, { label: 'gone' }, "step 1, 'gone' of P1, is not in the model"],
    [sampleModel, { thread: 'P7' }, 'is not in the model'],
    [sampleModel, { choices: [{ name: 'x', value: '1' }] }, 'makes 0 choices in the model, 1 in the file'],
    [chooser, { choices: [{ name: 'pte0', value: 'swap' }] }, "cannot choose 'swap' in the model"],
    [{ ...sampleModel, steps: [...sampleModel.steps, ...sampleModel.steps] }, {}, 'is in the model more than once'],
  ])('error %#', (model, changed, message) => {
    expect(messageOf(model, changed)).toContain(message)
  })
})
