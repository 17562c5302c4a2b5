import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Summary } from '../../model/api/types'
import { useEventSource } from '../../model/api/useEventSource'
import { useLatest } from '../../ui/hooks/useLatest'

export type LiveState = 'off' | 'on' | 'lost'

interface Live {
  tenant: string
  query: string
  on: boolean
  /** The total on screen, and when it was read: what comes later is new. */
  total: number | undefined
  readAt: number
}

/** Counts the entries that arrive after the ones on screen were read. It moves nothing. */
export function useLive({ tenant, query, on, total, readAt }: Live): { state: LiveState; count: number } {
  const client = useQueryClient()
  const [count, setCount] = useState(0)
  const shown = useLatest(total)

  // biome-ignore lint/correctness/useExhaustiveDependencies: new entries are on the page now
  useEffect(() => setCount(0), [readAt, query, on])

  /** The total has the entries that arrived between two streams. This also notices a session that has ended. */
  async function catchUp(over: AbortSignal) {
    const fresh = await client.fetchQuery({
      queryKey: queryKeys.recount(tenant, query),
      queryFn: ({ signal }) => call<Summary>(tenantPath(tenant, `summary?${query}`), { signal, action: 'page' }),
      staleTime: 0,
      gcTime: 0,
    })
    if (!over.aborted) setCount(Math.max(0, fresh.total - (shown.current ?? fresh.total)))
  }

  const stream = useEventSource(on ? tenantPath(tenant, `live?${query}`) : undefined, {
    onEntry: () => setCount((before) => before + 1),
    catchUp,
    rests: true,
  })

  return { state: !on ? 'off' : stream === 'lost' ? 'lost' : 'on', count: on ? count : 0 }
}
