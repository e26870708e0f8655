/** A server for tests of screens: it is told what to answer and push, and remembers what it was asked. */
import { MantineProvider } from '@mantine/core'
import { CombinedError, type Client } from '@urql/core'
import { render } from '@testing-library/react'
import type { ReactElement } from 'react'
import { Provider } from 'urql'
import { fromValue, makeSubject } from 'wonka'
import type { GarageLineFragment, Role } from '@/graphql/generated/graphql'
import { GarageContext } from '../garage'
import { permissionsOf } from '../permissions'

type Document = { readonly definitions: readonly { readonly name?: { readonly value: string } }[] }
type Request = { readonly query: Document }
type Variables = { readonly input: Record<string, unknown> }
export type Answer = { readonly data: unknown } | { readonly error: CombinedError }

export const noAnswer: Answer = { error: new CombinedError({ networkError: new TypeError('Failed to fetch') }) }

export function createServer() {
  const asked: { name: string; input: Record<string, unknown> }[] = []
  const answers: (Answer | Promise<Answer>)[] = []
  const shown = new Map<string, unknown>()
  const subjects = new Map<string, ReturnType<typeof makeSubject<unknown>>>()

  function nameOf(document: Document): string {
    return document.definitions[0]?.name?.value ?? ''
  }
  function streamOf(name: string) {
    const subject = subjects.get(name) ?? makeSubject<unknown>()
    subjects.set(name, subject)
    return subject
  }

  const client = {
    mutation(document: Document, { input }: Variables) {
      asked.push({ name: nameOf(document), input })
      const answer = answers.shift()
      if (answer === undefined) throw new Error(`no answer was prepared for ${nameOf(document)}`)
      return { toPromise: () => Promise.resolve(answer) }
    },
    executeQuery: (request: Request) => {
      const data = shown.get(nameOf(request.query))
      return fromValue({ operation: request, data, error: undefined, stale: false, hasNext: false })
    },
    subscription: (document: Document) => streamOf(nameOf(document)).source,
  }
  return {
    client: client as unknown as Client,
    asked,
    willAnswer: (...next: readonly Answer[]) => void answers.push(...next),
    /** Keeps the next mutation waiting until what it returns is called. */
    willAnswerLater: (): ((answer: Answer) => void) => {
      let settle: (answer: Answer) => void = () => undefined
      answers.push(new Promise((resolve) => (settle = resolve)))
      return (answer) => settle(answer)
    },
    /** What each query of that name is answered from now on. */
    willShow: (name: string, data: unknown) => void shown.set(name, data),
    push: (name: string, data: unknown) => streamOf(name).next({ data }),
  }
}

const garage = {
  id: 'garage-1',
  locationId: 'NYC-034',
  name: '34th Street Garage',
  timeZone: 'America/New_York',
  currency: 'USD',
  locale: 'en-US',
}

export function renderInGarage(screen: ReactElement, client: Client, ...roles: readonly Role[]) {
  return renderInGarageWith({}, screen, client, ...roles)
}

export function renderInGarageWith(
  changes: Partial<GarageLineFragment>,
  screen: ReactElement,
  client: Client,
  ...roles: readonly Role[]
) {
  return render(
    <MantineProvider env="test">
      <Provider value={client}>
        <GarageContext value={{ garage: { ...garage, ...changes }, permissions: permissionsOf(roles) }}>{screen}</GarageContext>
      </Provider>
    </MantineProvider>,
  )
}
