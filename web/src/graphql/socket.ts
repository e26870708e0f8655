import { createClient, type Client } from 'graphql-ws'
import type { Connection } from './connection'

const keepAlive = 10_000
const pongWithin = 5_000
const longestWait = 8_000

function socketUrl(): string {
  const { protocol, host } = window.location
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/graphql`
}

/** Waits longer with each try, a little at random so that a garage's tablets do not return all at once. */
function waitBefore(tries: number): Promise<void> {
  const milliseconds = Math.min(500 * 2 ** tries, longestWait) * (0.75 + Math.random() / 2)
  return new Promise((resolve) => {
    function go() {
      clearTimeout(timer)
      window.removeEventListener('online', go)
      resolve()
    }
    const timer = setTimeout(go, milliseconds)
    window.addEventListener('online', go)
  })
}

function isCleanClose(event: unknown): boolean {
  return event instanceof CloseEvent && event.code === 1000
}

/** Reconnects for as long as anybody listens, and subscribes again to all that was subscribed. */
export function createSocket(connection: Connection): Client {
  let pongTimer: ReturnType<typeof setTimeout> | undefined
  const socket = createClient({
    url: socketUrl,
    keepAlive,
    retryAttempts: Infinity,
    retryWait: waitBefore,
    shouldRetry: () => true,
    on: {
      connecting: () => connection.connecting(),
      connected: () => connection.heard(),
      message: () => connection.heard(),
      ping(isFromServer) {
        if (isFromServer) return
        pongTimer = setTimeout(() => socket.terminate(), pongWithin)
      },
      pong(isFromServer) {
        if (isFromServer) clearTimeout(pongTimer)
      },
      closed(event) {
        clearTimeout(pongTimer)
        if (isCleanClose(event)) connection.closed()
        else connection.lost()
      },
    },
  })
  return socket
}
