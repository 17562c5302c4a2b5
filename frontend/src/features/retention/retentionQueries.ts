import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Hold, NewHold, Retention, TenantChange, TenantSettings, Waiting } from '../../model/api/types'
import { useChange } from '../../model/settings/queries'

/** The retention rule, legal holds and deletions of a tenant. */
export function useRetention(tenant: string) {
  return useQuery({
    queryKey: queryKeys.retention(tenant),
    queryFn: ({ signal }) => call<Retention>(tenantPath(tenant, 'retention'), { signal }),
    staleTime: 0,
  })
}

/** The entries that a rule of this many days would delete now. */
export function useWouldDelete(tenant: string, days: number | undefined) {
  return useQuery({
    queryKey: [...queryKeys.retention(tenant), days],
    queryFn: async ({ signal }) =>
      (await call<Retention>(tenantPath(tenant, `retention?days=${days}`), { signal })).would,
    enabled: days !== undefined,
    placeholderData: keepPreviousData,
  })
}

export function useChangeRule(tenant: string) {
  return useChange(
    (
      change: Pick<TenantChange, 'retention_days' | 'below_legal_minimum' | 'access_retention_days' | 'archive_after'>,
    ) => call<TenantSettings>(`/api/v1/tenants/${encodeURIComponent(tenant)}`, { method: 'PATCH', body: change }),
    queryKeys.retention(tenant),
    [...queryKeys.tenant(tenant), 'archive'],
    queryKeys.tenants,
  )
}

export function useAddHold(tenant: string) {
  return useChange(
    (hold: NewHold) => call<Hold>(tenantPath(tenant, 'holds'), { method: 'POST', body: hold }),
    queryKeys.retention(tenant),
  )
}

/** Lets deletions begin that wait for an owner. */
export function useAgree(tenant: string) {
  return useChange(
    (reason: Waiting['reason']) =>
      call<void>(tenantPath(tenant, 'retention/agreement'), { method: 'POST', body: { reason } }),
    queryKeys.retention(tenant),
  )
}

export function useLiftHold(tenant: string) {
  return useChange(
    (id: string) => call<Hold>(tenantPath(tenant, `holds/${encodeURIComponent(id)}`), { method: 'DELETE' }),
    queryKeys.retention(tenant),
  )
}
