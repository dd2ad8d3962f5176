// Who may import whom. `npm run lint` checks it; test/frame/imports.test.ts proves that the rules bite.

/** The rooms of the house, in order: each may import from itself and from those before it. */
const ROOMS = ['model', 'properties', 'solver', 'counterexamples', 'kernel', 'cli']

const any = (names) => `^(${names.join('|')})/`

/** What `dependencyTypes` says of everything that is not a file of this repository. */
const FOREIGN = ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'unknown']

const oneWay = ROOMS.map((room, i) => ({
  name: `${room}-imports-one-way`,
  comment: `${room} may import only from ${ROOMS.slice(0, i + 1).join(', ')}.`,
  severity: 'error',
  from: { path: any([room]) },
  to: { pathNot: any(ROOMS.slice(0, i + 1)), dependencyTypesNot: FOREIGN },
}))

export default {
  forbidden: [
    ...oneWay,
    {
      name: 'no-import-between-test-and-bench',
      comment: 'Tests and benchmarks may import any room, but not each other: each can be deleted alone.',
      severity: 'error',
      from: { path: '^(test|bench)/' },
      to: { path: '^(test|bench)/', pathNot: '^$1/' },
    },
    {
      name: 'no-io-in-data',
      comment: 'model and properties are data: no file, clock or process, and nothing from elsewhere.',
      severity: 'error',
      from: { path: any(ROOMS.slice(0, 2)) },
      to: { dependencyTypes: FOREIGN },
    },
    {
      name: 'no-cycle',
      comment: 'Neither of two files in a cycle can be understood first. Imports of types count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nothing imports it and it imports nothing: is it used at all?',
      severity: 'error',
      from: { path: any([...ROOMS, 'test', 'bench']), orphan: true },
      to: {},
    },
    {
      name: 'no-dev-dependency-in-product',
      comment: 'It would be missing where mmcheck is installed.',
      severity: 'error',
      from: { path: any(ROOMS) },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'There is no such file or package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|node_modules/\\.)' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports that are only for types are seen as well.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
}
