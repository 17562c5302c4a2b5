import { type InfiniteData, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { ApiProblem, isProblem } from '../../lib/problem'
import type { Step } from '../../lib/steps'
import { useDelayed } from '../../ui/hooks/useDelayed'
import { useLastDefined } from '../../ui/hooks/useLastDefined'
import { beginAction } from '../api/action'
import { queryKeys } from '../api/queryKeys'
import type { EntryPage, Summary, Tenant } from '../api/types'
import { useKeyNames } from '../settings/keyNames'
import { useTitles } from './catalog'
import { type Filters, withoutField, withoutSelection, writeFilters } from './filters'
import type { Layout } from './layout'
import { useNames } from './names'
import type { Preferences } from './preferences'
import { useEntries, useOrganizations, useSummary } from './queries'

export type Log = ReturnType<typeof useLog>

/** The data of all parts of the log page. */
export interface LogPart {
  tenant: Tenant
  filters: Filters
  onFilters: (next: Filters, how?: Step) => void
  log: Log
  layout: Layout
  preferences: Preferences
  onPreferences: (next: Preferences) => void
}

/** All data of the log page, and the state of its queries. */
export function useLog(tenant: Tenant, filters: Filters) {
  const hasTree = tenant.data_permission
  const rows = useEntries(tenant.id, filters)
  const current = useSummary(tenant.id, filters)
  // The frame is the whole period: a selection narrows the rows, not the bars.
  const frame = useSummary(tenant.id, withoutSelection(filters))
  const acrossOrganizations = useSummary(tenant.id, withoutField(filters, 'organization'), { enabled: hasTree })
  const organizations = useOrganizations(tenant.id, hasTree)
  const titles = useTitles(tenant.id)
  const keys = useKeyNames(tenant.id, filters.key.length + filters.notKey.length > 0)

  const pages = useLastDefined(rows.data)
  const counted = useLastDefined(current.data)
  const framed = useLastDefined(frame.data)
  const rowsSearched = rows.isFetching && !rows.isFetchingNextPage
  const areRead = !rows.error && !rows.isPlaceholderData
  const uncounted = areRead && (current.error ?? frame.error) !== null
  // Counts of earlier filters would be wrong beside the rows of these.
  const ofThese = useDelayed(areRead && !rowsSearched && current.isPlaceholderData, 200) || uncounted
  const summary = ofThese ? own(current) : counted
  const entries = useMemo(() => pages?.pages.flatMap((page) => page.entries) ?? [], [pages])
  const query = writeFilters(filters).toString()
  const searching = rowsSearched || current.isFetching
  const error = firstOf(rows.isFetchNextPageError ? null : rows.error, current.error, frame.error)

  return {
    /** The filters as API parameters. */
    query,
    entries,
    summary,
    frame: ofThese ? own(frame) : framed,
    organizations,
    /** Own entries of each organization; undefined until counted, or if too many have any. */
    ownCounts: allCounted(acrossOrganizations.data)?.facets.organization,
    /** Entries without an organization, which are not counted in the tree. */
    outside: outsideOf(acrossOrganizations.data),
    titles,
    nameOf: useNames(entries, summary, organizations.data, titles, keys),
    error,
    /** The rows could be read, and not be counted. */
    uncounted,
    /** The query parameters that the server refused: retrying would not help. */
    refused: error instanceof ApiProblem && error.status === 422 ? error.locations : undefined,
    /** Nothing has been read yet, and nothing has failed. */
    loading: pages === undefined && error === undefined,
    hasRead: pages !== undefined,
    searching,
    /** When the total on screen was counted. */
    readAt: current.dataUpdatedAt,
    dimmed: useDelayed(rowsSearched, 200) && pages !== undefined,
    verySlow: useDelayed(searching, 3000),
    cancelled: rows.isPlaceholderData && rows.fetchStatus === 'idle' && error === undefined,
    /** The filters of the rows on screen: while a search runs, those of the previous one. */
    shownQuery: useLastDefined(rows.isPlaceholderData ? undefined : query) ?? query,
    ...useMore(rows),
    ...useReading(tenant.id, query, error),
  }
}

/** The counts of these filters, rather than of earlier ones. */
function own({ data, isPlaceholderData }: ReturnType<typeof useSummary>): Summary | undefined {
  return isPlaceholderData ? undefined : data
}

/** Further pages of the rows. */
function useMore(rows: ReturnType<typeof useEntries>) {
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = rows
  const last = rows.data?.pages.at(-1)
  const stops = isFetchNextPageError || !!last?.archive
  return {
    hasMore: hasNextPage && !rows.isPlaceholderData,
    moreError: isFetchNextPageError ? rows.error : undefined,
    /** Entries before that time are in the archive, which did not answer. */
    archivedBefore: rows.isFetchingNextPage ? undefined : last?.archive_before,
    more: useCallback(() => {
      if (hasNextPage && !isFetching && !stops) fetchNextPage()
    }, [hasNextPage, isFetching, stops, fetchNextPage]),
    retryMore: () => fetchNextPage(),
  }
}

/** Reading the log again, and cancelling that. */
function useReading(tenant: string, query: string, error: unknown) {
  const client = useQueryClient()
  const readRest = useCallback(() => {
    client.invalidateQueries({ queryKey: queryKeys.log(tenant) })
  }, [client, tenant])
  /** A refresh by the person is a new action. */
  const refresh = useCallback(() => {
    beginAction('page')
    readRest()
  }, [readRest])
  const unanswered = isProblem(error, 0)
  return {
    refresh,
    /** Retries queries that failed while the server was unreachable. */
    readAgain: useCallback(() => {
      if (unanswered) readRest()
    }, [unanswered, readRest]),
    /** Reloads from the top, only as many rows as needed. */
    restart: () => {
      client.setQueryData<InfiniteData<EntryPage>>(queryKeys.entries(tenant, query), (data) =>
        data ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) } : undefined,
      )
      refresh()
    },
    cancel: () => client.cancelQueries({ queryKey: queryKeys.log(tenant) }),
  }
}

/** A summary that lists every organization: with some of them, or without those in the archive, sums in the tree would be wrong. */
export function allCounted(summary: Summary | undefined): Summary | undefined {
  return summary?.archive || summary?.facets.more?.organization ? undefined : summary
}

function outsideOf(summary: Summary | undefined): number {
  if (!allCounted(summary) || !summary) return 0
  return summary.facets.organization.reduce((rest, { count }) => rest - count, summary.total)
}

function firstOf(...errors: unknown[]): unknown {
  return errors.find((error) => error !== null && error !== undefined)
}
