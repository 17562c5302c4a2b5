import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { actOf } from '../../model/api/act'
import { call, tenantPath } from '../../model/api/http'
import { keys } from '../../model/api/keys'
import type { Summary } from '../../model/api/types'

export type LiveState = 'off' | 'on' | 'lost'

interface Live {
  tenant: string
  query: string
  on: boolean
  /** The total on screen, and when it was read: what comes later is new. */
  total: number | undefined
  readAt: number
}

const retryAfter = 3000
const hiddenAtMost = 30_000

/** Counts the entries that arrive after the ones on screen were read. It moves nothing. */
export function useLive({ tenant, query, on, total, readAt }: Live): { state: LiveState; count: number } {
  const client = useQueryClient()
  const [lost, setLost] = useState(false)
  const [count, setCount] = useState(0)
  const shown = useRef(total)
  shown.current = total

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was new is on screen now
  useEffect(() => setCount(0), [readAt, query, on])

  useEffect(() => {
    if (!on) return
    let source: EventSource | undefined
    let timer: number | undefined
    let over = false

    function open() {
      close() // two recounts may have been under way
      source = new EventSource(tenantPath(tenant, `live?${query}&act=${actOf('page')}`))
      source.onopen = () => setLost(false)
      source.addEventListener('entry', () => setCount((before) => before + 1))
      // The server says that it ends the stream: the browser need not ask for the rest of it.
      source.addEventListener('end', again)
      source.onerror = () => {
        setLost(true)
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
      setLost(true)
      timer = window.setTimeout(recount, retryAfter)
    }

    /** What came while nobody listened is in the total. A session that has ended is noticed here. */
    async function recount() {
      try {
        const fresh = await client.fetchQuery({
          queryKey: keys.recount(tenant, query),
          queryFn: ({ signal }) => call<Summary>(tenantPath(tenant, `summary?${query}`), { signal, act: 'page' }),
          staleTime: 0,
          gcTime: 0,
        })
        if (over) return
        setCount(Math.max(0, fresh.total - (shown.current ?? fresh.total)))
        open()
      } catch {
        if (!over) again()
      }
    }

    // A browser has few connections to one server: a tab that nobody looks at gives its own back.
    function turn() {
      window.clearTimeout(timer)
      if (document.hidden) timer = window.setTimeout(close, hiddenAtMost)
      else if (!source) recount()
    }

    open()
    document.addEventListener('visibilitychange', turn)
    return () => {
      over = true
      close()
      setLost(false)
      document.removeEventListener('visibilitychange', turn)
    }
  }, [client, tenant, query, on])

  return { state: !on ? 'off' : lost ? 'lost' : 'on', count: on ? count : 0 }
}
