import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { NewView, View, ViewChange, Views } from '../../model/api/types'

/** The saved views of a tenant, own and shared ones, by name. */
export function useViews(tenant: string) {
  return useQuery({
    queryKey: queryKeys.views(tenant),
    queryFn: async ({ signal }) => (await call<Views>(tenantPath(tenant, 'views'), { signal })).views,
  })
}

interface Saving {
  /** The view to edit; without it a new one is created. */
  id?: string
  body: NewView | ViewChange
}

export function useSaveView(tenant: string) {
  const refresh = useRefresh(tenant)
  return useMutation({
    mutationFn: ({ id, body }: Saving) =>
      call<View>(pathOf(tenant, id), { method: id === undefined ? 'POST' : 'PATCH', body }),
    onSuccess: refresh,
  })
}

export function useRemoveView(tenant: string) {
  const refresh = useRefresh(tenant)
  return useMutation({
    mutationFn: (id: string) => call<void>(pathOf(tenant, id), { method: 'DELETE' }),
    onSuccess: refresh,
  })
}

/** The list, and the session, which contains the default view. */
function useRefresh(tenant: string) {
  const client = useQueryClient()
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: queryKeys.views(tenant) }),
      client.invalidateQueries({ queryKey: queryKeys.session }),
    ])
}

function pathOf(tenant: string, id: string | undefined): string {
  return tenantPath(tenant, id === undefined ? 'views' : `views/${encodeURIComponent(id)}`)
}
