import { createGraphiQLFetcher } from '@graphiql/toolkit'
import { GraphiQL } from 'graphiql'
import { createClient } from 'graphql-ws'
import { createRoot } from 'react-dom/client'
import examples from '../../../evgraph/schema/examples.graphql?raw'
import { exampleTabs } from './example-tabs'
import 'graphiql/style.css'
import './graphiql.css'

const endpoint = '/graphql'
const socket = new URL(endpoint, window.location.href)
socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:'

// The browser's own session (the cookie that signIn sets) goes with calls and sockets alike.
const fetcher = createGraphiQLFetcher({ url: endpoint, wsClient: createClient({ url: socket.href, lazy: true }) })

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(<GraphiQL fetcher={fetcher} defaultTabs={exampleTabs(examples)} defaultTheme="dark" />)
}
