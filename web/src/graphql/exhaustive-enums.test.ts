/** A new member of an enum that decides money or state is a type error in every place that must decide about it. */
import ts from 'typescript'
import { expect, test } from 'vitest'

const enums = ['RateKind', 'SessionStatus', 'RequestStatus', 'PortStatus']
const newMember = 'ADDED_BY_A_TEST'
const mustDecide = [
  'features/board/board-state.ts: columnOf',
  'features/board/board-state.ts: isOver',
  'features/board/port-status.ts: portLook',
  'features/rates/rate-kinds.ts: rateKinds',
  'features/shared/request-words.ts: isOnQueue',
  'features/shared/request-words.ts: requestWords',
]

/** The generated types, with one more member in each of the enums. */
function withNewMembers(source: string): string {
  return enums.reduce((text, name) => {
    const declared = `export type ${name} =`
    expect(text, `${name} is generated`).toContain(declared)
    return text.replace(declared, `${declared}\n  | '${newMember}'`)
  }, source)
}

/** The name of the function or constant around a position. */
function nameAround(file: ts.SourceFile, position: number): string {
  const names = file.statements
    .filter((statement) => statement.getStart() <= position && position < statement.end)
    .map((statement) => {
      if (ts.isFunctionDeclaration(statement)) return statement.name?.text
      return ts.isVariableStatement(statement) ? statement.declarationList.declarations[0]?.name.getText() : undefined
    })
  return names[0] ?? 'elsewhere'
}

test('tsc finds each place that must decide about a new member', { timeout: 90_000 }, () => {
  const root = ts.sys.getCurrentDirectory()
  const config = ts.getParsedCommandLineOfConfigFile(
    `${root}/tsconfig.app.json`,
    { noEmit: true, incremental: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  )
  if (config === undefined) throw new Error('tsconfig.app.json cannot be read')
  // What has no JSX in it: whatever decides about a member belongs in such a module, and it is checked in a moment.
  const modules = config.fileNames.filter((name) => name.endsWith('.ts') && !/\.test\.ts$|\/test\/|\/graphiql\//.test(name))
  const host = ts.createCompilerHost(config.options)
  const readFile = host.readFile.bind(host)
  host.readFile = (name) => {
    const text = readFile(name)
    return text !== undefined && name.endsWith('/graphql/generated/graphql.ts') ? withNewMembers(text) : text
  }
  const program = ts.createProgram(modules, config.options, host)
  const found = modules.flatMap((name) => {
    const file = program.getSourceFile(name)
    return program.getSemanticDiagnostics(file).map(({ start = 0 }) => {
      const place = file === undefined ? 'elsewhere' : nameAround(file, start)
      return `${name.slice(name.lastIndexOf('/src/') + 5)}: ${place}`
    })
  })
  // What uses one of these fails with it.
  expect(found).toEqual(expect.arrayContaining(mustDecide))
})
