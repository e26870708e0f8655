import { createContext, useContext, useSyncExternalStore } from 'react'
import { createConnection, type Connection, type ConnectionState } from './connection'

export const ConnectionContext = createContext<Connection>(createConnection())

export function useConnection(): ConnectionState {
  const connection = useContext(ConnectionContext)
  return useSyncExternalStore(connection.listen, connection.getState)
}
