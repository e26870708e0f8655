/** Whether the live connection stands, as a store that components can read and the socket's client writes. */

export type ConnectionState =
  | { readonly status: 'idle' | 'connecting' | 'live' }
  | {
      readonly status: 'lost'
      /** When the server was last heard, in milliseconds; null when it never was. */
      readonly lastHeardAt: number | null
    }

export type Connection = {
  getState: () => ConnectionState
  listen: (listener: () => void) => () => void
  connecting: () => void
  heard: () => void
  lost: () => void
  closed: () => void
}

export function createConnection(now: () => number = Date.now): Connection {
  const listeners = new Set<() => void>()
  let state: ConnectionState = { status: 'idle' }
  let lastHeardAt: number | null = null

  function become(next: ConnectionState) {
    if (next.status === state.status) return
    state = next
    for (const listener of listeners) listener()
  }

  return {
    getState: () => state,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    connecting() {
      // A retry is still a lost connection to the people who look at the picture.
      if (state.status !== 'lost') become({ status: 'connecting' })
    },
    heard() {
      lastHeardAt = now()
      become({ status: 'live' })
    },
    lost: () => become({ status: 'lost', lastHeardAt }),
    closed: () => become({ status: 'idle' }),
  }
}
