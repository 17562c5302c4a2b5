import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { urlOf } from '../../lib/basePath'
import { loadProblemMessages } from '../../lib/problem'
import { beginAction } from '../../model/api/action'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Export, ExportRequest, Exports } from '../../model/api/types'
import { bundleName } from './verify'

/** The exports of a tenant, newest first; read again every second while one is running. */
export function useExports(tenant: string) {
  return useQuery({
    queryKey: queryKeys.exports(tenant),
    queryFn: async ({ signal }) => {
      const { exports } = await call<Exports>(tenantPath(tenant, 'exports'), { signal })
      if (exports.some((one) => one.error)) await loadProblemMessages()
      return exports
    },
    staleTime: 0,
    refetchInterval: (query) => (query.state.data?.some((one) => one.status === 'running') ? 700 : false),
  })
}

export function useStartExport(tenant: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (request: ExportRequest) => {
      beginAction('export')
      return call<Export>(tenantPath(tenant, 'exports'), { method: 'POST', body: request, action: 'export' })
    },
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.exports(tenant) }),
  })
}

/** Cancels a running export; deletes a finished one. */
export function useRemoveExport(tenant: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      call<Export | undefined>(tenantPath(tenant, `exports/${encodeURIComponent(id)}`), { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.exports(tenant) }),
  })
}

export function filePath(tenant: string, id: string): string {
  return tenantPath(tenant, `exports/${encodeURIComponent(id)}/file`)
}

export function bundlePath(tenant: string, id: string): string {
  return tenantPath(tenant, `exports/${encodeURIComponent(id)}/bundle`)
}

/** Downloads the ZIP of an export, as part of the action that started it. */
export function handOver(tenant: string, one: Export, act: string) {
  const link = document.createElement('a')
  link.href = urlOf(`${bundlePath(tenant, one.id)}?act=${act}`)
  link.download = bundleName(one.file_name)
  document.body.append(link)
  link.click()
  link.remove()
}
