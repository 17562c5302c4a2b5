import { useCallback, useEffect, useEffectEvent, useMemo, useState } from 'react'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import type { Step } from '../../lib/steps'
import type { Tenant } from '../../model/api/types'
import { goOn } from '../../model/api/useActions'
import {
  type Filters,
  hasPeriod,
  type Ignored,
  ignoredIn,
  readFilters,
  withPeriod,
  writeFilters,
} from '../../model/log/filters'

type Start = NonNullable<Tenant['start']>

interface UseFilters {
  filters: Filters
  setFilters: (next: Filters, how?: Step) => void
  /** Parameters of the link that are ignored, until the filters change or the notice is closed. */
  ignored: Ignored[]
  closeIgnored: () => void
}

/**
 * The filters as the address has them. An address without any gets those that the person begins with, and one without
 * a period the usual one, written into it. Parameters that cannot be read are dropped from it, and reported.
 */
export function useFilters(start: Start | undefined, onStart: (start: Start) => void): UseFilters {
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const given = search.toString()
  const seq = search.get('seq')
  const text = given || (start?.query ?? '')

  const read = useMemo(() => readFilters(new URLSearchParams(text)), [text])
  const filters = useMemo(() => withPeriod(read), [read])
  const dropped = useMemo(() => ignoredIn(new URLSearchParams(text), ['seq']), [text])
  const complete = given !== '' && hasPeriod(read) && dropped.length === 0

  const query = writeFilters(filters).toString()
  const [ignored, setIgnored] = useState({ dropped, query })
  if (dropped.length > 0 && dropped !== ignored.dropped) setIgnored({ dropped, query })

  const setFilters = useCallback(
    (next: Filters, how?: Step) => {
      const search = writeFilters(next)
      if (how?.goesOn) goOn(search.toString())
      if (seq) search.set('seq', seq) // which entry is open is no filter, and stays
      navigate({ pathname, search: search.toString() }, { replace: how?.replace ?? false })
    },
    [navigate, pathname, seq],
  )
  const started = useEffectEvent(onStart)
  useEffect(() => {
    if (complete) return
    if (given === '' && start) started(start)
    setFilters(filters, { replace: true })
  }, [complete, given, start, filters, setFilters])

  const closeIgnored = useCallback(() => setIgnored({ dropped: [], query: '' }), [])
  return { filters, setFilters, ignored: ignored.query === query ? ignored.dropped : [], closeIgnored }
}
