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
  type Source,
  withPeriod,
  writeFilters,
} from '../../model/log/filters'

type Start = NonNullable<Tenant['start']>

interface UseFilters {
  filters: Filters
  setFilters: (next: Filters, how?: Step) => void
  /** Opens the query of a saved view. */
  openQuery: (query: string) => void
  /** Parameters of the link or the view that are ignored, until the filters change or the notice is closed. */
  ignored: Ignored[]
  ignoredSource: Source
  onCloseIgnored: () => void
}

/**
 * The filters in the URL. A URL without any gets those of the default view, and one without a period the default
 * period. Parameters that cannot be read are removed from it and reported; so are those of a saved view.
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
  const source: Source = given ? 'link' : 'view'
  const dropped = useMemo(() => ignoredIn(new URLSearchParams(text), source === 'link' ? ['seq'] : []), [text, source])
  const complete = given !== '' && hasPeriod(read) && dropped.length === 0

  const query = writeFilters(filters).toString()
  const [ignored, setIgnored] = useState({ dropped, source, query })
  if (dropped.length > 0 && dropped !== ignored.dropped) setIgnored({ dropped, source, query })

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

  const openQuery = useCallback(
    (text: string) => {
      const search = new URLSearchParams(text)
      const next = withPeriod(readFilters(search))
      setIgnored({ dropped: ignoredIn(search, []), source: 'view', query: writeFilters(next).toString() })
      setFilters(next)
    },
    [setFilters],
  )
  const onCloseIgnored = useCallback(() => setIgnored({ dropped: [], source: 'link', query: '' }), [])
  return {
    filters,
    setFilters,
    openQuery,
    ignored: ignored.query === query ? ignored.dropped : [],
    ignoredSource: ignored.source,
    onCloseIgnored,
  }
}
