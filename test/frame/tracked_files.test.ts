import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from './run.ts'

/** Every tracked file of the checkout that is still there, with its text. */
const files: readonly { readonly path: string; readonly text: string }[] = execFileSync('git', ['ls-files', '-z'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

const isTypeScript = (path: string): boolean => path.endsWith('.ts')

/** `path:line: what`, for each match in the files chosen. */
function matches(pattern: RegExp, chosen: (path: string) => boolean = () => true): readonly string[] {
  return files
    .filter(({ path }) => chosen(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(pattern)].map((m) => `${path}:${text.slice(0, m.index).split('\n').length}: ${m[0]}`),
    )
}

// Built from pieces, or this file would be among its own findings.
const dot = (...parts: readonly string[]): string => parts.join('\\.')
const HOSTS = [
  dot('registry', '(npmjs|yarnpkg)'),
  dot('(deb|security|snapshot)', 'debian'),
  dot('(archive|security|ports)', 'ubuntu'),
  dot('(files', 'pythonhosted|pypi)', 'org'),
  dot('proxy', 'golang', 'org'),
  dot('(static|index)', 'crates', 'io'),
  dot('(ghcr|quay|gcr)', 'io'),
]
const HOMES = ['work', 'root', 'home', 'Users', 'workspace']

const registryHost = new RegExp(HOSTS.join('|'), 'gi')
const machinePath = new RegExp(`(?<![\\w.~})-])/(${HOMES.join('|')})(?=[/"'\`\\s]|$)`, 'gm')

describe('the patterns', () => {
  test.each(['https://registry' + '.npmjs.org/zod', 'http://deb' + '.debian.org', 'FILES' + '.PythonHosted.org'])(
    'find the registry in %s',
    (text) => {
      expect(text).toMatch(new RegExp(registryHost.source, 'i'))
    },
  )

  test.each(['/' + 'work/main/a.ts', 'cd /' + 'root\n', '"/' + 'home/ada/x"', 'file:///' + 'Users/ada'])(
    'find the path in %j',
    (text) => {
      expect(text).toMatch(new RegExp(machinePath.source, 'm'))
    },
  )

  test.each(['../work/a.ts', 'https://example.org/home/', 'mm/workingset.c', '/workqueue', './home/x'])(
    'find no path in %j',
    (text) => {
      expect(text).not.toMatch(new RegExp(machinePath.source, 'm'))
    },
  )
})

describe('tracked files', () => {
  test('are there', () => {
    expect(files.map(({ path }) => path)).toContain('package.json')
    expect(files.filter(({ path }) => isTypeScript(path)).length).toBeGreaterThan(20)
  })

  test('name no package registry', () => {
    expect(matches(registryHost)).toEqual([])
  })

  test('name no path of one machine', () => {
    expect(matches(machinePath)).toEqual([])
  })

  test('in TypeScript are plain ASCII without tabs', () => {
    expect(matches(/[^\n\x20-\x7e]/g, isTypeScript)).toEqual([])
  })

  test('lock packages by content, not by where they came from', () => {
    expect(matches(/"resolved"/g, (path) => path === 'package-lock.json')).toEqual([])
  })
})
