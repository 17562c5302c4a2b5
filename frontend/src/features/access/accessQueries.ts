import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { EntryPage, ProvenEntry } from '../../model/api/types'
import { type Filters, writeFilters } from '../../model/log/filters'

/** The access log of a tenant, or that of the server (`null`), newest first, in pages. */
export function useAccess(tenant: string | null, filters: Filters) {
  const path = accessPath(tenant)
  const query = writeFilters(filters)
  return useInfiniteQuery({
    queryKey: queryKeys.access(tenant, query.toString()),
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams(query)
      page.set('limit', '100')
      if (pageParam) page.set('cursor', pageParam)
      return call<EntryPage>(`${path}?${page}`, { signal, action: 'page' })
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    // The rows of other filters stay until these are there; those of another log do not.
    placeholderData: (last, query) => (query?.queryKey[1] === tenant ? last : undefined),
    staleTime: 0,
  })
}

/** One entry of an access log, with all that its row may leave out, and its proof. */
export function useAccessEntry(tenant: string | null, id: string) {
  return useQuery({
    queryKey: queryKeys.accessEntry(tenant, id),
    queryFn: ({ signal }) =>
      call<ProvenEntry>(`${accessPath(tenant)}/${encodeURIComponent(id)}`, { signal, action: 'opened' }),
  })
}

const accessPath = (tenant: string | null) => (tenant === null ? '/api/v1/access' : tenantPath(tenant, 'access'))
