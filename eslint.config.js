// The rules of the house for source text. Where a rule is tuned or off, the reason stands beside it.
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Syntax that no file may use. Configuration files are exempt from the second and third. */
const NEVER = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals: enums do not erase.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name, so that a thing has one name everywhere.' },
  { selector: "ExportSpecifier[exported.name='default']", message: 'Export by name.' },
  { selector: 'Decorator', message: 'No decorators: behaviour belongs in functions that one can read.' },
]

const RUNNER = '/^(describe|it|test|suite|bench)$/'
const HIDING = '/^(only|skip|todo)$/'

/** What hides tests from the run. `skipIf` and `context.skip(reason)` stay: a skip for a stated lack is counted. */
const NEVER_IN_TESTS = [
  {
    selector: `MemberExpression[property.name=${HIDING}]:matches([object.name=${RUNNER}], [object.object.name=${RUNNER}])`,
    message: 'A test that is in the tree runs, and so do all the others.',
  },
  {
    selector: `CallExpression[callee.name=${RUNNER}] > ObjectExpression > Property[key.name=${HIDING}]`,
    message: 'A test that is in the tree runs, and so do all the others.',
  },
]

const camel = ['camelCase', 'UPPER_CASE', 'PascalCase']

/** Names of what a file declares. Properties are left alone: many are kernel or file-format names. */
const naming = (format, leadingUnderscore) => [
  'error',
  // if_, for_ and let_ of the language would be reserved words without the underscore.
  { selector: ['variable', 'function', 'parameter'], format, leadingUnderscore, trailingUnderscore: 'allow' },
  { selector: 'typeLike', format: ['PascalCase'] },
  // Destructured names come from elsewhere, a kernel routine for example.
  { selector: ['variable', 'parameter'], modifiers: ['destructured'], format: null },
]

export default defineConfig([
  globalIgnores(['dist/', 'coverage/', '.mmcheck/', 'test/artefacts/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/naming-convention': naming(camel, 'allow'),
      '@typescript-eslint/no-unused-vars': [
        'error',
        // A leading underscore says that a part is dropped on purpose.
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // `||` on what may be 0 or '' is a mistake worth finding; an explicit test for undefined is none.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignoreTernaryTests: true, ignoreIfStatements: true }],
      // Numbers and truth values print as one expects; undefined and objects do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `return fail(...)` in a parser and one-line callbacks say what they mean.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // isolatedDeclarations asks for types on exports; saying them elsewhere too is no fault.
      '@typescript-eslint/no-inferrable-types': 'off',
      // Wrong about variables that a closure assigns: it takes the value before the call for the only one.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `x === undefined || x.kind !== 'slot'` says more than `x?.kind !== 'slot'`.
      '@typescript-eslint/prefer-optional-chain': 'off',
      // A callback that does nothing is a fair default.
      '@typescript-eslint/no-empty-function': 'off',
      // Records of functions that use no `this` may be taken apart.
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': ['error', ...NEVER],
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'Two runs give the same counts: take randomness as a parameter.',
        },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-eval': 'error',
      'no-promise-executor-return': ['error', { allowVoid: true }],
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-assignment': 'error',
      'preserve-caught-error': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['model/mm/**'],
    // Kernel identifiers keep their spelling there, so that a reader can search for them.
    rules: { '@typescript-eslint/naming-convention': naming([...camel, 'snake_case'], 'allowSingleOrDouble') },
  },
  {
    files: ['cli/**', 'bench/**'],
    // The two places that speak to people.
    rules: { 'no-console': 'off' },
  },
  {
    files: ['model/**', 'properties/**'],
    // Data: what they say may not depend on the machine or the moment.
    rules: { 'no-restricted-globals': ['error', 'process', 'Date', 'performance'] },
  },
  {
    files: ['solver/explicit/program.ts', 'solver/reduce/observe.ts'],
    // The only places that run generated code. That no text of a model gets into it is tested there.
    rules: {
      '@typescript-eslint/no-implied-eval': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    files: ['test/**'],
    rules: {
      'no-restricted-syntax': ['error', ...NEVER, ...NEVER_IN_TESTS],
      // Tests feed in what the types would refuse, parsed from JSON.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['*.config.ts'],
    // Their tools read the default export.
    rules: { 'no-restricted-syntax': 'off' },
  },
])
