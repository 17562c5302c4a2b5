import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, tenantPath } from '../api/http'
import { keys } from '../api/keys'
import type { Organization } from '../api/types'
import { type OrganizationEdit, sentTree } from './organizationEdits'

/** Saves a change of the tree as the server has it now, so that what somebody else has changed meanwhile stays. */
export function useEditOrganizations(tenant: string) {
  const client = useQueryClient()
  const path = tenantPath(tenant, 'organizations')
  return useMutation({
    mutationFn: async (edit: OrganizationEdit) =>
      call<Organization[]>(path, { method: 'PUT', body: sentTree(edit(await call<Organization[]>(path))) }),
    onSuccess: (organizations) => client.setQueryData(keys.organizations(tenant), organizations),
  })
}
