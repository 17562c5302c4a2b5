import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { call, tenantPath } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type { ApiKey } from '../api/types'
import { administers } from '../session/permissions'
import { useSession } from '../session/session'

const none: ReadonlyMap<string, string> = new Map()

/** The names of the tenant's API keys by id; none without permission to see keys, or while they are not needed. */
export function useKeyNames(tenant: string, needed: boolean): ReadonlyMap<string, string> {
  const may = administers(useSession())
  const { data } = useApiKeys(tenant, needed && may)
  return useMemo(() => (may && data ? new Map(data.map(({ id, name }) => [id, name])) : none), [may, data])
}

/** The API keys of a tenant. They are apart from the queries of the settings, which load later. */
export function useApiKeys(tenant: string, enabled = true) {
  return useQuery({
    enabled,
    queryKey: queryKeys.apiKeys(tenant),
    queryFn: async ({ signal }) => (await call<{ keys: ApiKey[] }>(tenantPath(tenant, 'keys'), { signal })).keys,
  })
}
