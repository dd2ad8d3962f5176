/**
 * What the page does: it shows one state after another. Texts get into it as text alone, by textContent;
 * links are those that the page was made with. Written as a string, since it runs in a browser only; the
 * tests run it in one.
 */
export const SCRIPT: string = `
'use strict'
;(() => {
  const byId = (id) => document.getElementById(id)
  const data = JSON.parse(byId('data').textContent)
  const last = data.steps.length
  const rows = [...document.querySelectorAll('tr.step')]
  const listings = [...document.querySelectorAll('.listing')]
  let at = 0

  const make = (tag, kind, text) => {
    const e = document.createElement(tag)
    if (kind) e.className = kind
    if (text !== undefined) e.textContent = text
    return e
  }
  const link = (text, href) => {
    if (!href) return make('span', '', text)
    const a = make('a', '', text)
    a.href = href
    a.rel = 'noopener noreferrer'
    a.target = '_blank'
    return a
  }

  /* Values of all variables after k steps. */
  const states = [data.variables.map((v) => v[1])]
  for (const s of data.steps) {
    const next = [...states[states.length - 1]]
    for (const [variable, value] of s.changes) next[variable] = value
    states.push(next)
  }
  const changedIn = (k) => new Set(k === 0 ? [] : data.steps[k - 1].changes.map((c) => c[0]))

  function showNow(k) {
    const box = byId('now-body')
    box.replaceChildren()
    const s = k === 0 ? undefined : data.steps[k - 1]
    if (s === undefined) box.append(make('p', 'where', 'Nothing has run yet. The page tables below are as at the start.'))
    else {
      const where = make('p', 'where ' + s.colour)
      const cpu = make('span')
      cpu.append(make('strong', 'call', s.cpu))
      where.append(cpu)
      for (const f of s.frames) {
        const part = make('span', 'mono')
        part.append(link(f.fn, f.fnLink), make('span', 'file'))
        part.lastChild.append(link(f.file, f.fileLink))
        where.append(part)
      }
      box.append(where, make('div', 'text mono', s.text))
      const list = make('ul', 'mono')
      for (const note of s.notes) list.append(make('li', '', note))
      for (const change of s.shown) list.append(make('li', 'changed', change))
      box.append(list)
      if (k === last) box.append(make('p', 'bang', data.bang))
    }
    const table = make('table', 'stand mono')
    for (const t of data.standings[k]) {
      const row = make('tr', t.colour)
      row.append(make('td', '', t.cpu), make('td', t.kind, t.kind), make('td', '', t.next))
      table.append(row)
    }
    box.append(table)
  }

  function showTables(k) {
    const values = states[k]
    const changed = changedIn(k)
    const mark = (e, ...variables) => {
      if (variables.some((v) => changed.has(v))) e.classList.add('changed-now')
      return e
    }
    const box = byId('tables-body')
    box.replaceChildren()
    const shown = new Set()
    const table = (t, pages) => {
      shown.add(t)
      const e = make('div', 'table')
      e.append(mark(make('div', 'faint mono', t.name + ', ' + values[t.state]), t.state))
      const entries = make('div', 'entries')
      t.entries.forEach((variable, i) => {
        const value = values[variable]
        const page = pages.find((p) => p.entry === i)
        const kind = value === 'none' ? '' : value === 'guard' ? ' guard' : ' present'
        entries.append(mark(make('div', 'entry' + kind, (page ? page.name : '[' + i + ']') + ': ' + value), variable))
      })
      e.append(entries)
      return e
    }
    for (const mm of data.layout.mms) {
      const part = make('div', 'mm')
      if (data.layout.mms.length > 1) part.append(make('div', 'faint', mm.name))
      for (const pmd of mm.pmds) {
        const walk = make('div', 'walk')
        const kind = values[pmd.kind]
        const head = mark(make('div', 'box mono', pmd.name + ': ' + (kind === 'table' ? values[pmd.table] : kind)), pmd.kind, pmd.table)
        walk.append(head)
        const to = kind === 'table' ? data.layout.tables.find((t) => t.name === values[pmd.table]) : undefined
        if (to) walk.append(make('span', 'arrow', '\\u2192'), table(to, pmd.pages))
        part.append(walk)
      }
      const vmas = make('table', 'values')
      for (const v of mm.vmas) {
        if (values[v.attached] !== 'true') continue
        for (const one of v.variables) {
          const row = make('tr')
          row.append(make('td', '', v.name + '.' + one.label), mark(make('td', '', values[one.slot]), one.slot))
          vmas.append(row)
        }
      }
      part.append(vmas)
      box.append(part)
    }
    for (const t of data.layout.tables)
      if (!shown.has(t) && values[t.state] !== 'free') {
        const walk = make('div', 'walk')
        walk.append(make('div', 'faint', 'no pmd points to'), table(t, pagesOnce(t, k)))
        box.append(walk)
      }
    for (const f of data.layout.files) {
      const walk = make('div', 'walk')
      walk.append(mark(make('div', 'box mono', f.name + ', ' + values[f.size] + ' pages'), f.size))
      const cached = f.folios.filter((o) => values[o.slot] === 'true')
      walk.append(make('span', 'faint', cached.length === 0 ? 'nothing in the page cache' : 'page cache:'))
      for (const o of f.folios)
        if (values[o.slot] === 'true' || changed.has(o.slot)) {
          const folio = mark(make('div', 'box mono', o.label + (values[o.slot] === 'true' ? '' : ' gone')), o.slot)
          walk.append(folio)
        }
      box.append(walk)
    }
  }

  /* The pages that a table mapped when a pmd last pointed to it. */
  function pagesOnce(t, k) {
    const pmds = data.layout.mms.flatMap((mm) => mm.pmds)
    for (let i = k; i >= 0; i--) {
      const pmd = pmds.find((p) => states[i][p.kind] === 'table' && states[i][p.table] === t.name)
      if (pmd) return pmd.pages
    }
    return []
  }

  function showListing(k) {
    const place = k === 0 ? undefined : data.steps[k - 1].place
    for (const e of document.querySelectorAll('.line.lit')) e.classList.remove('lit')
    listings.forEach((e, i) => { e.hidden = !place || place[0] !== i })
    byId('no-listing').hidden = !!place
    if (!place) return
    const line = listings[place[0]].querySelectorAll('.line')[place[1]]
    line.classList.add('lit')
    const code = line.parentElement
    code.scrollTop = Math.max(0, line.offsetTop - code.offsetTop - code.clientHeight / 2)
  }

  function showValues(k) {
    const body = byId('values-body')
    body.replaceChildren()
    const changed = changedIn(k)
    for (const variable of data.moving) {
      const row = make('tr')
      const cell = make('td', changed.has(variable) ? 'changed-now' : '', states[k][variable])
      row.append(make('td', '', data.variables[variable][0]), cell)
      body.append(row)
    }
  }

  function go(to) {
    at = Math.min(last, Math.max(0, to))
    rows.forEach((row, i) => {
      if (i + 1 === at) row.setAttribute('aria-current', 'step')
      else row.removeAttribute('aria-current')
      row.classList.toggle('ahead', at > 0 && i + 1 > at)
    })
    byId('slider').value = String(at)
    byId('place').textContent = at === 0 ? 'start, of ' + last + ' steps' : 'step ' + at + ' of ' + last
    for (const id of ['first', 'back']) byId(id).disabled = at === 0
    for (const id of ['forward', 'end']) byId(id).disabled = at === last
    showNow(at)
    showTables(at)
    showListing(at)
    showValues(at)
    const row = rows[at - 1]
    if (row) row.scrollIntoView({ block: 'nearest' })
    else window.scrollTo({ top: 0 })
    try { history.replaceState(null, '', '#' + at) } catch { /* a page in a frame may not */ }
  }

  const folded = () => document.body.classList.contains('folded')
  const hiddenAt = (k) => k > 0 && folded() && rows[k - 1].classList.contains('quiet')
  /* One step on, over what is folded. */
  function move(by) {
    let to = at + by
    while (to > 0 && to < last && hiddenAt(to)) to += by
    go(to)
  }
  /* To the first step of the next run of another thread, or back to that of this run or the one before. */
  function moveSwitch(by) {
    const starts = data.steps.flatMap((s, i) => (i === 0 || data.steps[i - 1].cpu !== s.cpu ? [i + 1] : []))
    const to = by > 0 ? starts.find((k) => k > at) : starts.filter((k) => k < at).pop()
    go(to === undefined ? (by > 0 ? last : 0) : to)
  }
  function fold(on) {
    document.body.classList.toggle('folded', on)
    byId('fold').setAttribute('aria-pressed', String(on))
    if (on && hiddenAt(at)) move(1)
    else if (at > 0) rows[at - 1].scrollIntoView({ block: 'nearest' })
  }
  function theme() {
    const root = document.documentElement
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
    root.dataset.theme = dark ? 'light' : 'dark'
  }

  byId('first').addEventListener('click', () => go(0))
  byId('back').addEventListener('click', () => move(-1))
  byId('forward').addEventListener('click', () => move(1))
  byId('end').addEventListener('click', () => go(last))
  byId('fold').addEventListener('click', () => fold(!folded()))
  byId('theme').addEventListener('click', theme)
  byId('slider').addEventListener('input', (e) => go(Number(e.target.value)))
  rows.forEach((row, i) => row.addEventListener('click', (e) => {
    if (e.target.closest('a[target]') || String(getSelection()) !== '') return
    e.preventDefault()
    go(i + 1)
  }))
  for (const dots of document.querySelectorAll('tr.dots')) dots.addEventListener('click', () => fold(false))
  const keys = {
    ArrowRight: () => move(1), l: () => move(1), j: () => move(1), n: () => move(1),
    ArrowLeft: () => move(-1), h: () => move(-1), k: () => move(-1), p: () => move(-1),
    Home: () => go(0), End: () => go(last), ']': () => moveSwitch(1), '[': () => moveSwitch(-1),
    f: () => fold(!folded()), d: theme,
  }
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !Object.hasOwn(keys, e.key)) return
    e.preventDefault()
    keys[e.key]()
  })
  const asked = () => Number(/^#(\\d+)$/.exec(location.hash)?.[1] ?? 0)
  addEventListener('hashchange', () => {
    if (asked() === at) return
    go(asked())
    if (hiddenAt(at)) fold(false)
  })
  /* Folded as the mail text is, unless somebody points to a step that would be hidden. */
  at = Math.min(last, asked())
  document.body.classList.add('folded')
  fold(!hiddenAt(at))
  go(at)
  document.documentElement.dataset.ready = 'true'
})()
`
