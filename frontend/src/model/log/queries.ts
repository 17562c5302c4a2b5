import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ActionArea } from '../api/action'
import { call, tenantPath } from '../api/http'
import { pageSize } from '../api/prefetch'
import { queryKeys } from '../api/queryKeys'
import type { Catalog, EntryPage, Organization, ProvenEntry, Summary } from '../api/types'
import { type EntryName, entryName, writeName } from './entryAddress'
import { type Filters, writeFilters } from './filters'
import { useStale } from './useStale'

/** Later pages are larger: the first one has to arrive quickly. */
const nextPageSize = '200'

/** The rows, newest first, page after page. A new filter aborts the running request, so no late response arrives. */
export function useEntries(tenant: string, filters: Filters) {
  const query = writeFilters(filters)
  return useInfiniteQuery({
    queryKey: queryKeys.entries(tenant, query.toString()),
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams(query)
      page.set('limit', pageParam ? nextPageSize : pageSize)
      if (pageParam) page.set('cursor', pageParam)
      return call<EntryPage>(tenantPath(tenant, `entries?${page}`), { signal, action: 'page' })
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    placeholderData: keepPreviousData,
  })
}

/** The summary that totals, histogram, tree, facets and the export button share. */
export function useSummary(tenant: string, filters: Filters, { enabled = true, action = 'page' as ActionArea } = {}) {
  const query = writeFilters(filters).toString()
  const stale = useStale()
  return useQuery({
    queryKey: queryKeys.summary(tenant, query),
    // It ends when the data was last known to be the newest, within the period; if that is unknown, the period does.
    select:
      stale &&
      ((read: Summary) => ({ ...read, to: [read.from, stale.since, read.to].sort()[1] as string, ended: true })),
    queryFn: ({ signal }) => call<Summary>(tenantPath(tenant, `summary?${query}`), { signal, action }),
    placeholderData: keepPreviousData,
    enabled,
  })
}

export function useCatalog(tenant: string) {
  return useQuery({
    queryKey: queryKeys.catalog(tenant),
    queryFn: ({ signal }) => call<Catalog>(tenantPath(tenant, 'catalog'), { signal }),
    staleTime: 5 * 60_000,
  })
}

export function useOrganizations(tenant: string, enabled: boolean) {
  return useQuery({
    queryKey: queryKeys.organizations(tenant),
    queryFn: ({ signal }) => call<Organization[]>(tenantPath(tenant, 'organizations'), { signal }),
    staleTime: 5 * 60_000,
    enabled,
  })
}

/** One entry with its proof. */
export function readEntry(
  tenant: string,
  name: EntryName,
  action: ActionArea,
  signal: AbortSignal,
): Promise<ProvenEntry> {
  const { path, search } = writeName(name)
  return call<ProvenEntry>(tenantPath(tenant, `entries/${search ? `${path}?${search}` : path}`), { signal, action })
}

/** The same, kept; none is asked for where none is named. */
export function useEntry(tenant: string, name: EntryName | undefined) {
  const client = useQueryClient()
  return useQuery({
    queryKey: queryKeys.entry(tenant, name?.id ?? '', name?.seq),
    queryFn: async ({ signal }) => {
      const entry = await readEntry(tenant, name ?? { id: '', seq: undefined }, 'opened', signal)
      // Under its own name it is there, too, for when the address is written so.
      const own = entryName(entry)
      if (own.id !== name?.id || own.seq !== name.seq)
        client.setQueryData(queryKeys.entry(tenant, own.id, own.seq), entry)
      return entry
    },
    enabled: name !== undefined,
  })
}

/** Other operations on one content, of all time. */
export function useHistory(tenant: string, contentId: string | undefined) {
  return useQuery({
    queryKey: queryKeys.history(tenant, contentId ?? ''),
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ content_id: contentId ?? '', limit: '50' })
      return call<EntryPage>(tenantPath(tenant, `entries?${query}`), { signal, action: 'opened' })
    },
    enabled: contentId !== undefined && contentId !== '',
  })
}
