import { useCallback, useEffect, useMemo } from 'react'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import { defaultPreset, type Filters, hasPeriod, readFilters, writeFilters } from './filters'

interface UseFilters {
  filters: Filters
  setFilters: (next: Filters, how?: { replace: boolean }) => void
}

/** The filters as the address has them. An address without a period gets the usual one, written into it. */
export function useFilters(): UseFilters {
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const text = search.toString()

  const read = useMemo(() => readFilters(new URLSearchParams(text)), [text])
  const complete = hasPeriod(read)
  const filters = useMemo(() => (complete ? read : { ...read, range: defaultPreset }), [complete, read])

  const setFilters = useCallback(
    (next: Filters, how?: { replace: boolean }) => {
      navigate({ pathname, search: writeFilters(next).toString() }, { replace: how?.replace ?? false })
    },
    [navigate, pathname],
  )
  useEffect(() => {
    if (!complete) setFilters(filters, { replace: true })
  }, [complete, filters, setFilters])

  return { filters, setFilters }
}
