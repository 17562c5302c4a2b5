import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { FacetValue, Organization } from '../../model/api/types'
import { type OrganizationEdit, sentTree } from './organizationEdits'

/** Own entries of each organization, counted with the tree, not by a search of the log. */
export function useOrganizationCounts(tenant: string) {
  return useQuery({
    queryKey: queryKeys.organizationCounts(tenant),
    queryFn: async ({ signal }): Promise<FacetValue[]> => {
      const counted = await call<Organization[]>(`${tenantPath(tenant, 'organizations')}?counts=true`, { signal })
      return counted.map(({ id, name, entries = 0 }) => ({ value: id, name, count: entries }))
    },
  })
}

/** Applies a change to the server's current tree, so that concurrent changes are kept. */
export function useEditOrganizations(tenant: string) {
  const client = useQueryClient()
  const path = tenantPath(tenant, 'organizations')
  return useMutation({
    mutationFn: async (edit: OrganizationEdit) =>
      call<Organization[]>(path, { method: 'PUT', body: sentTree(edit(await call<Organization[]>(path))) }),
    onSuccess: (organizations) => client.setQueryData(queryKeys.organizations(tenant), organizations),
  })
}
