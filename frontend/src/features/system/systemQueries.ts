import { useQuery } from '@tanstack/react-query'
import { call, callText, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { SystemStatus, TenantStatus } from '../../model/api/types'

// Entries arrive and backups finish while the page is open.
const refetchInterval = 10_000

/** The size and state of a tenant's log. */
export function useStatus(tenant: string) {
  return useQuery({
    queryKey: queryKeys.status(tenant),
    queryFn: ({ signal }) => call<TenantStatus>(tenantPath(tenant, 'status'), { signal }),
    staleTime: 0,
    refetchInterval,
  })
}

/** The signed head of a tenant's log, as it is now. */
export function useCheckpoint(tenant: string) {
  return useQuery({
    queryKey: queryKeys.checkpoint(tenant),
    queryFn: ({ signal }) => callText(tenantPath(tenant, 'checkpoint'), { signal }),
    staleTime: 0,
  })
}

/** The whole server, for owners. */
export function useSystem(enabled: boolean) {
  return useQuery({
    queryKey: queryKeys.system,
    queryFn: ({ signal }) => call<SystemStatus>('/api/v1/system', { signal }),
    staleTime: 0,
    refetchInterval,
    enabled,
  })
}
