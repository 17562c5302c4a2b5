import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Catalog } from '../../model/api/types'
import type { CatalogEdit } from './catalogEdits'

/** Saves a change of the catalog as the server has it now, so that what somebody else has added meanwhile stays. */
export function useEditCatalog(tenant: string) {
  const client = useQueryClient()
  const path = tenantPath(tenant, 'catalog')
  return useMutation({
    mutationFn: async (edit: CatalogEdit) =>
      call<Catalog>(path, { method: 'PUT', body: edit(await call<Catalog>(path)) }),
    onSuccess: (catalog) => client.setQueryData(queryKeys.catalog(tenant), catalog),
  })
}
