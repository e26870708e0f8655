import { MantineProvider } from '@mantine/core'
import { useCallback, useEffect, useState } from 'react'
import { Provider } from 'urql'
import { createGraph } from '@/graphql/client'
import { ConnectionContext } from '@/graphql/use-connection'
import { ViewerGate } from '@/features/viewer/viewer-gate'
import { Routes } from './routes'
import { theme } from './theme'

export function App() {
  return (
    <MantineProvider theme={theme} forceColorScheme="dark">
      <Sessions />
    </MantineProvider>
  )
}

/** Everything known of the server belongs to one person's session, and goes with it. */
function Sessions() {
  const [count, setCount] = useState(0)
  const next = useCallback(() => setCount((before) => before + 1), [])
  return <Session key={count} onChanged={next} />
}

function Session({ onChanged }: { readonly onChanged: () => void }) {
  const [graph] = useState(() => createGraph(onChanged))
  useEffect(() => graph.close, [graph])
  return (
    <Provider value={graph.client}>
      <ConnectionContext value={graph.connection}>
        <ViewerGate onSignedIn={onChanged}>
          <Routes onSignedOut={onChanged} />
        </ViewerGate>
      </ConnectionContext>
    </Provider>
  )
}
