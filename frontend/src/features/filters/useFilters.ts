import { useCallback, useEffect, useEffectEvent, useMemo } from 'react'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import type { Step } from '../../lib/steps'
import type { Tenant } from '../../model/api/types'
import { goOn } from '../../model/api/useActions'
import { type Filters, hasPeriod, readFilters, withPeriod, writeFilters } from '../../model/log/filters'

type Start = NonNullable<Tenant['start']>

interface UseFilters {
  filters: Filters
  setFilters: (next: Filters, how?: Step) => void
}

/**
 * The filters as the address has them. An address without any gets those that the person begins with, and one without
 * a period the usual one, written into it.
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
  const complete = given !== '' && hasPeriod(read)

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

  return { filters, setFilters }
}
