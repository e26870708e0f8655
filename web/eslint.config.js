import { readdirSync } from 'node:fs'
import eslint from '@eslint/js'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import { importX } from 'eslint-plugin-import-x'
import reactHooks from 'eslint-plugin-react-hooks'
import { defineConfig } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const features = readdirSync(`${import.meta.dirname}/src/features`)

/** Imports run one way: lib < graphql < features/shared < features/<noun> < app; features never meet sideways. */
const oneWay = [
  { target: './src/lib', from: './src', except: ['./lib'], message: 'lib imports only lib.' },
  { target: './src/graphql', from: './src', except: ['./lib', './graphql'], message: 'graphql imports only lib.' },
  { target: './src/features', from: './src/app', message: 'Features know nothing of the app around them.' },
  ...features.map((feature) => ({
    target: `./src/features/${feature}`,
    from: './src/features',
    except: feature === 'shared' ? ['./shared'] : [`./${feature}`, './shared'],
    message: 'A feature imports itself and features/shared; what two need belongs in shared.',
  })),
]

export default defineConfig(
  { ignores: ['dist', 'test-results', 'src/graphql/generated'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'import-x': importX, 'react-hooks': reactHooks },
    languageOptions: { globals: globals.browser },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.app.json' })] },
    rules: {
      ...reactHooks.configs.recommended.rules,
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: oneWay }],
      'import-x/no-cycle': 'error',
    },
  },
  {
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/method-signature-style': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      'no-console': 'error',
    },
  },
  { files: ['scripts/**', 'browser/**'], rules: { 'no-console': 'off' } },
  {
    files: ['eslint.config.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-confusing-void-expression': 'off' },
  },
)
