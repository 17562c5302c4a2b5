import { useQuery } from '@tanstack/react-query'
import { call, tenantPath } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type { Archive, TenantArchive } from '../api/types'

// Days are archived while the page is open.
const refetchInterval = 10_000

/** The servers of the archive and what it has of all tenants, for owners. Servers that are away delay the answer by 3 s. */
export function useArchive(enabled: boolean) {
  return useQuery({
    queryKey: [...queryKeys.system, 'archive'],
    queryFn: ({ signal }) => call<Archive>('/api/v1/system/archive', { signal }),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.configured ? refetchInterval : false),
    enabled,
  })
}

/** What the archive has of one tenant. */
export function useTenantArchive(tenant: string, enabled = true) {
  return useQuery({
    queryKey: [...queryKeys.tenant(tenant), 'archive'],
    queryFn: ({ signal }) => call<TenantArchive>(tenantPath(tenant, 'archive'), { signal }),
    staleTime: 0,
    enabled,
  })
}
