import { useCallback, useMemo } from 'react'
import type { Summary, Tenant } from '../model/api/types'
import { useTitles } from '../model/log/catalog'
import { type Filters, withoutField, withoutSelection, writeFilters } from '../model/log/filters'
import { useNames } from '../model/log/names'
import { useEntries, useOrganizations, useSummary } from '../model/log/queries'
import { useSlow } from '../ui/hooks/slow'
import { useLast } from '../ui/hooks/useLast'

/** Everything that the page of the log reads, and how the reading goes. */
export function useLog(tenant: Tenant, filters: Filters) {
  const hasTree = tenant.data_permission
  const rows = useEntries(tenant.id, filters)
  const current = useSummary(tenant.id, filters)
  // The frame is the whole period: what is selected in it narrows the rows, not the bars.
  const frame = useSummary(tenant.id, withoutSelection(filters))
  const acrossOrganizations = useSummary(tenant.id, withoutField(filters, 'organization'), { enabled: hasTree })
  const organizations = useOrganizations(tenant.id, hasTree)
  const titles = useTitles(tenant.id)

  const pages = useLast(rows.data)
  const summary = useLast(current.data)
  const entries = useMemo(() => pages?.pages.flatMap((page) => page.entries) ?? [], [pages])
  const query = writeFilters(filters).toString()
  const searching = (rows.isFetching && !rows.isFetchingNextPage) || current.isFetching
  const error = firstOf(rows.isFetchNextPageError ? null : rows.error, current.error, frame.error)

  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = rows
  const more = useCallback(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError) fetchNextPage()
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage])

  return {
    entries,
    summary,
    frame: useLast(frame.data),
    organizations,
    /** Own entries of each organization; undefined until they are counted. */
    ownCounts: acrossOrganizations.data?.facets.organization,
    /** Entries that name no organization: no count of the tree has them. */
    outside: outsideOf(acrossOrganizations.data),
    titles,
    nameOf: useNames(entries, summary, organizations.data, titles),
    error,
    /** Nothing has been read yet, and nothing has failed. */
    loading: pages === undefined && error === undefined,
    hasRead: pages !== undefined,
    searching,
    /** When the total on screen was counted. */
    readAt: current.dataUpdatedAt,
    dimmed: useSlow(searching, 200) && pages !== undefined,
    verySlow: useSlow(searching, 3000),
    cancelled: rows.isPlaceholderData && rows.fetchStatus === 'idle' && error === undefined,
    /** The filters whose rows are on screen: while a search runs, those of the one before it. */
    shownQuery: useLast(rows.isPlaceholderData ? undefined : query) ?? query,
    hasMore: hasNextPage && !rows.isPlaceholderData,
    moreError: isFetchNextPageError ? rows.error : undefined,
    more,
    retryMore: () => fetchNextPage(),
  }
}

function outsideOf(summary: Summary | undefined): number {
  if (!summary) return 0
  return summary.facets.organization.reduce((rest, { count }) => rest - count, summary.total)
}

function firstOf(...errors: unknown[]): unknown {
  return errors.find((error) => error !== null && error !== undefined)
}
