import { readFileSync } from 'node:fs'
import { parseLitmus } from '/work/main/model/litmus/parser.ts'
import { formatDiagnostic } from '/work/main/model/litmus/diagnostic.ts'
import { elaborate } from '/work/main/model/scenarios/scenario.ts'
import { withProperties } from '/work/main/properties/all.ts'
import { lower } from '/work/main/model/language/lower/lower.ts'
import { searchReference } from '/work/main/solver/reference/search.ts'
import { searchExplicit } from '/work/main/solver/explicit/search.ts'
import { test } from 'vitest'
test('x', () => {
const path = process.env.F
const src = { name: path, text: readFileSync(path, 'utf8') }
const r = parseLitmus(src)
if (!r.ok) { console.log(r.diagnostics.map(d => formatDiagnostic(src, d)).join('\n')); return }
const e = elaborate(r.file)
if (!e.ok) { console.log(e.diagnostics.map(d => formatDiagnostic(src, d)).join('\n')); return }
for (const s of e.scenarios) {
  const t0 = performance.now()
  const { model } = lower(withProperties(s))
  const t1 = performance.now()
  const x = searchExplicit(model, {maxStates: 2e6})
  const t2 = performance.now()
  let ref = ''
  if (process.env.REF) { const y = searchReference(model, {maxStates: 3e5}); ref = ` ref ${y.states} ${y.transitions}` }
  console.log(s.kernel.name, s.without.join(), 'slots', model.slots.length, 'steps', model.steps.length, 'states', x.states, 'tr', x.transitions, 'depth', x.depth, x.incomplete ? JSON.stringify(x.incomplete) : '', Math.round(t1 - t0), Math.round(t2 - t1), 'ms', x.violations.map(v => model.properties[v.property].name + '@' + v.moves.length).join(' '), ref,
   model.covers.filter((c,i)=>!x.reachedCovers[i]).map(c=>c.name).join('; '))
  console.log('   unreached', model.steps.filter(st => !x.reachedSteps.includes(st.id)).map(st => st.label).join(' '))
  if (process.env.TR) { const byId = new Map(model.steps.map(s => [s.id, s])); for (const v of x.violations.filter(v=>!process.env.P||model.properties[v.property].name===process.env.P)) for (const m of v.moves) { const st = byId.get(m.step); console.log('   ', st.thread, st.label, '|', st.text) } }
}
}, 600000)
