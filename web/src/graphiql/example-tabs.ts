import { Kind, parse, print, visit } from 'graphql'

export type Tab = { query: string; variables?: string }

const welcome = `# Sign in first: this browser keeps the session. In the demo, the operator's password is printed
# where it was started. Then try the other tabs; ids come from the Garages query.
mutation SignIn {
  signIn(input: { email: "operator@demo.test", password: "plug-it-in" }) {
    viewer { name roles { role garage { id name } } }
    errors { message field }
  }
}
`

/** One tab an operation of the document, each with the fragments that it needs and its variables to fill in. */
export function exampleTabs(document: string): Tab[] {
  const { definitions } = parse(document)
  const fragments = new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
  const tabs = definitions.flatMap((definition): Tab[] => {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.name?.value === 'SignIn') return []
    const needed = new Set<string>()
    const collect = (node: typeof definition | NonNullable<ReturnType<typeof fragments.get>>) => {
      visit(node, {
        FragmentSpread({ name }) {
          const fragment = fragments.get(name.value)
          if (fragment === undefined || needed.has(name.value)) return
          needed.add(name.value)
          collect(fragment)
        },
      })
    }
    collect(definition)
    const parts = [definition, ...[...needed].flatMap((name) => fragments.get(name) ?? [])]
    const names = (definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
    return [
      {
        query: parts.map((part) => print(part)).join('\n\n'),
        ...(names.length > 0 && {
          variables: JSON.stringify(Object.fromEntries(names.map((name) => [name, null])), null, 2),
        }),
      },
    ]
  })
  return [{ query: welcome }, ...tabs]
}
