import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Catalog } from '../../model/api/types'
import type { CatalogEdit } from './catalogEdits'

/** Applies a change to the server's current catalog, so that concurrent changes are kept. */
export function useEditCatalog(tenant: string) {
  const client = useQueryClient()
  const path = tenantPath(tenant, 'catalog')
  return useMutation({
    mutationFn: async (edit: CatalogEdit) =>
      call<Catalog>(path, { method: 'PUT', body: edit(await call<Catalog>(path)) }),
    onSuccess: (catalog) => client.setQueryData(queryKeys.catalog(tenant), catalog),
  })
}
