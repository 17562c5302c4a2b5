import { useCallback, useEffect, useState } from 'react'
import { beginAction } from '../../model/api/action'
import { tenantPath } from '../../model/api/http'
import { parseJson } from '../../model/api/recordedJson'
import type { Entry } from '../../model/api/types'
import { useEventSource } from '../../model/api/useEventSource'

export interface Arrival {
  entry: Entry
  /** When this page heard of it. */
  at: number
}

const shown = 6

/** The operations that arrive while the page is looked at, newest first, and whether it hears of them. */
export function useArrivals(tenant: string): { arrivals: Arrival[]; listening: boolean; add: (entry: Entry) => void } {
  const [arrivals, setArrivals] = useState<Arrival[]>([])

  const add = useCallback((entry: Entry) => {
    setArrivals((before) =>
      before.some((one) => one.entry.seq === entry.seq)
        ? before
        : [{ entry, at: Date.now() }, ...before].slice(0, shown),
    )
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: another tenant is another act, which the stream then names
  useEffect(() => beginAction('page'), [tenant])
  const stream = useEventSource(tenantPath(tenant, 'live'), { onEntry: (data) => add(parseJson<Entry>(data)) })

  return { arrivals, listening: stream === 'open', add }
}
