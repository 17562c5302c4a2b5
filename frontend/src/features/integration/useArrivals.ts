import { useCallback, useEffect, useState } from 'react'
import { actOf, beginAct } from '../../model/api/act'
import { tenantPath } from '../../model/api/http'
import { readJson } from '../../model/api/recorded'
import type { Entry } from '../../model/api/types'

export interface Arrival {
  entry: Entry
  /** When this page heard of it. */
  at: number
}

const shown = 6
const retryAfter = 3000

/** The operations that arrive while the page is looked at, newest first, and whether it hears of them. */
export function useArrivals(tenant: string): { arrivals: Arrival[]; listening: boolean; add: (entry: Entry) => void } {
  const [arrivals, setArrivals] = useState<Arrival[]>([])
  const [listening, setListening] = useState(false)

  const add = useCallback((entry: Entry) => {
    setArrivals((before) =>
      before.some((one) => one.entry.seq === entry.seq)
        ? before
        : [{ entry, at: Date.now() }, ...before].slice(0, shown),
    )
  }, [])

  useEffect(() => {
    let source: EventSource | undefined
    let timer: number | undefined

    function open() {
      source = new EventSource(tenantPath(tenant, `live?act=${actOf('page')}`))
      source.onopen = () => setListening(true)
      source.addEventListener('entry', (event) => add(readJson<Entry>(event.data)))
      source.addEventListener('end', again)
      source.onerror = () => {
        setListening(false)
        if (source?.readyState === EventSource.CLOSED) again() // the browser asks again by itself, except after a refusal
      }
    }

    function again() {
      source?.close()
      setListening(false)
      window.clearTimeout(timer)
      timer = window.setTimeout(open, retryAfter)
    }

    beginAct('page')
    open()
    return () => {
      window.clearTimeout(timer)
      source?.close()
    }
  }, [tenant, add])

  return { arrivals, listening, add }
}
