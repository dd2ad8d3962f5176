/** Colour, which never carries meaning alone: NO_COLOR, FORCE_COLOR and --color decide (no-color.org). */
import type { Verdict } from '../solver/verdict.ts'

export type ColorMode = 'auto' | 'always' | 'never'

export interface Style {
  readonly verdict: (verdict: Verdict, text: string) => string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

const paint =
  (on: boolean, code: number) =>
  (text: string): string =>
    on ? `\u001b[${code}m${text}\u001b[0m` : text

export function useColor(mode: ColorMode, isTty: boolean, env: NodeJS.ProcessEnv): boolean {
  if (mode !== 'auto') return mode === 'always'
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  const force = env['FORCE_COLOR']
  return force === undefined ? isTty : force !== '0' && force !== 'false'
}

export function newStyle(color: boolean): Style {
  const red = paint(color, 31)
  const green = paint(color, 32)
  const yellow = paint(color, 33)
  return {
    bold: paint(color, 1),
    dim: paint(color, 2),
    verdict: (verdict, text) => {
      switch (verdict) {
        case 'holds':
          return green(text)
        case 'violated':
        case 'disagree':
        case 'error':
          return red(text)
        case 'holds-bounded':
        case 'vacuous':
        case 'unknown':
        case 'timeout':
        case 'crash':
          return yellow(text)
      }
    },
  }
}
