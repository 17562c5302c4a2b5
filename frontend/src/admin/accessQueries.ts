import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { call, tenantPath } from '../api/http'
import { keys } from '../api/keys'
import type { EntryPage, ProvenEntry } from '../api/types'

/** The access log of a tenant, or of the server for what is of none, newest first, page after page. */
export function useAccess(tenant: string | undefined) {
  const path = tenant === undefined ? '/api/v1/access' : tenantPath(tenant, 'access')
  return useInfiniteQuery({
    queryKey: tenant === undefined ? keys.serverAccess : keys.access(tenant),
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams({ limit: '100', ...(pageParam && { cursor: pageParam }) })
      return call<EntryPage>(`${path}?${page}`, { signal })
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    staleTime: 0,
  })
}

export function useAccessEntry(tenant: string, id: string, enabled: boolean) {
  return useQuery({
    queryKey: keys.accessEntry(tenant, id),
    queryFn: ({ signal }) => call<ProvenEntry>(tenantPath(tenant, `access/${encodeURIComponent(id)}`), { signal }),
    enabled,
  })
}
