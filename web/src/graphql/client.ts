import type {
  CombinedError} from '@urql/core';
import {
  Client,
  cacheExchange,
  fetchExchange,
  mapExchange,
  subscriptionExchange,
} from '@urql/core'
import { createConnection, type Connection } from './connection'
import { createSocket } from './socket'

/** Longer than a charger may take to answer a start. */
const answerWithin = 60_000

export type Graph = {
  readonly client: Client
  readonly connection: Connection
  close: () => void
}

export function isSignedOut(error: CombinedError): boolean {
  return error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED')
}

function fetchInTime(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const deadline = AbortSignal.timeout(answerWithin)
  const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline
  return fetch(input, { ...init, signal })
}

/** One person's view of the server: calls, live updates and what is cached of them. Made anew at each sign-in. */
export function createGraph(onSignedOut: () => void): Graph {
  const connection = createConnection()
  const socket = createSocket(connection)
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: fetchInTime,
    // Subscriptions go over the socket, so a call wants one answer and never a stream of events.
    fetchOptions: { credentials: 'same-origin', headers: { accept: 'application/graphql-response+json, application/json' } },
    exchanges: [
      mapExchange({
        onError(error) {
          if (isSignedOut(error)) onSignedOut()
        },
      }),
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables, operationName }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(
              { query, variables: variables as Record<string, unknown>, operationName },
              sink as Parameters<typeof socket.subscribe>[1],
            ),
          }),
        }),
      }),
    ],
  })
  return { client, connection, close: () => void socket.dispose() }
}
