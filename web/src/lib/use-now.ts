import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let second = currentSecond()

function currentSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000
}

function tick() {
  second = currentSecond()
  for (const listener of listeners) listener()
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) {
    second = currentSecond()
    timer = setInterval(tick, 1000)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

/** The time in milliseconds, in steps of `step`: the component draws again once a step, not once a second. */
export function useNow(step = 1000): number {
  return useSyncExternalStore(listen, () => Math.floor(second / step) * step)
}
