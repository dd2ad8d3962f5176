/** One palette for drawings and pages, light and dark. Every colour stands beside a word or a place that says the same. */

/** Threads beyond these share colours; their columns still tell them apart. */
export const THREAD_COLOURS = 6

export const threadClass = (thread: number): string => `t${thread % THREAD_COLOURS}`

type Palette = Readonly<Record<string, string>>

export const LIGHT: Palette = {
  bg: '#ffffff',
  panel: '#f6f7f9',
  text: '#1c2128',
  faint: '#646d7a',
  line: '#d5dae1',
  now: '#fff4cf',
  edge: '#8a6a00',
  bad: '#b3001b',
  guard: '#d9c9f2',
  present: '#cfe6d4',
  t0: '#0b5cad',
  t1: '#a84b00',
  t2: '#0c7147',
  t3: '#8038a3',
  t4: '#a32350',
  t5: '#5b6300',
}

export const DARK: Palette = {
  bg: '#14171c',
  panel: '#1c2027',
  text: '#e2e6ec',
  faint: '#98a2b0',
  line: '#363d48',
  now: '#3a3314',
  edge: '#e3bd45',
  bad: '#ff7b88',
  guard: '#4a3570',
  present: '#24492f',
  t0: '#76b4ff',
  t1: '#ffab66',
  t2: '#66d4a2',
  t3: '#d29cf0',
  t4: '#ff93b5',
  t5: '#cbd25f',
}

/** Custom properties of CSS, `--bg: #fff; ...`. */
export const properties = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ')
