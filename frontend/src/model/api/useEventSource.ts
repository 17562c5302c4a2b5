import { useEffect, useEffectEvent, useState } from 'react'
import { urlOf } from '../../lib/basePath'
import { actionOf } from './action'

/** The state of a stream: `connecting` until first opened; `lost` until reopened. */
export type StreamState = 'off' | 'connecting' | 'open' | 'lost'

interface Stream {
  /** Receives the data of each new entry. */
  onEntry: (data: string) => void
  /** Reads what arrived while the stream was closed, before it opens again; where it fails, both are tried later. */
  catchUp?: (signal: AbortSignal) => Promise<void>
  /** Closes the stream of a hidden tab: browsers have few connections per server. */
  rests?: boolean
}

const retryAfter = 3000
const hiddenAtMost = 30_000

/** Follows a stream of entries for as long as it has a path, and opens it again whenever it ends. */
export function useEventSource(path: string | undefined, { onEntry, catchUp, rests = false }: Stream): StreamState {
  const [state, setState] = useState<StreamState>('connecting')
  const arrive = useEffectEvent(onEntry)
  const beforeAgain = useEffectEvent((signal: AbortSignal) => catchUp?.(signal))

  useEffect(() => {
    if (path === undefined) return
    const { end, turn } = follow(urlOf(path), {
      onState: setState,
      onEntry: (data) => arrive(data),
      beforeAgain: (signal) => beforeAgain(signal),
    })
    if (rests) document.addEventListener('visibilitychange', turn)
    return () => {
      end()
      setState('connecting')
      document.removeEventListener('visibilitychange', turn)
    }
  }, [path, rests])

  return path === undefined ? 'off' : state
}

interface Follower {
  onState: (state: 'open' | 'lost') => void
  onEntry: (data: string) => void
  beforeAgain: (signal: AbortSignal) => Promise<void> | undefined
}

/** Opens the stream of an address, and again whenever it ends, until `end`; `turn` rests while the tab is hidden. */
function follow(address: string, { onState, onEntry, beforeAgain }: Follower): { end: () => void; turn: () => void } {
  let source: EventSource | undefined
  let timer: number | undefined
  const over = new AbortController()
  const { signal } = over

  function open() {
    close() // two attempts may have been in progress
    const action = `act=${actionOf('page')}`
    source = new EventSource(`${address}${address.includes('?') ? '&' : '?'}${action}`)
    source.onopen = () => onState('open')
    source.addEventListener('entry', (event) => onEntry(event.data))
    // The server announces the end of the stream, so that the browser does not request the rest of it.
    source.addEventListener('end', again)
    source.onerror = () => {
      onState('lost')
      if (source?.readyState === EventSource.CLOSED) again() // the browser asks again by itself, except after a refusal
    }
  }

  function close() {
    window.clearTimeout(timer)
    source?.close()
    source = undefined
  }

  function again() {
    close()
    onState('lost')
    timer = window.setTimeout(reopen, retryAfter)
  }

  async function reopen() {
    try {
      await beforeAgain(signal)
      if (!signal.aborted) open()
    } catch {
      if (!signal.aborted) again()
    }
  }

  function turn() {
    window.clearTimeout(timer)
    if (document.hidden) timer = window.setTimeout(close, hiddenAtMost)
    else if (!source) reopen()
  }

  function end() {
    over.abort()
    close()
  }

  open()
  return { end, turn }
}
