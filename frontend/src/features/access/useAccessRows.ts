import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { beginAction } from '../../model/api/action'
import { queryKeys } from '../../model/api/queryKeys'
import type { Entry, Tenant } from '../../model/api/types'
import { useActions } from '../../model/api/useActions'
import { type Filters, writeFilters } from '../../model/log/filters'
import { useDelayed } from '../../ui/hooks/useDelayed'
import { useLastDefined } from '../../ui/hooks/useLastDefined'
import { useAccess } from './accessQueries'
import type { Scope } from './useAccessFilters'

/** The rows of an access log, the state of their query, and the one that is open. */
export function useAccessRows(tenant: Tenant, scope: Scope, filters: Filters) {
  const client = useQueryClient()
  const [opened, setOpened] = useState<Entry>()
  const owner = scope === 'tenant' ? tenant.id : null
  const access = useAccess(owner, filters)
  const pages = useLastDefined(access.data)
  const entries = useMemo(() => pages?.pages.flatMap((page) => page.entries) ?? [], [pages])
  const searching = access.isFetching && !access.isFetchingNextPage
  const query = writeFilters(filters).toString()
  useActions(`${scope} ${tenant.id}`, query, opened, () => {
    const queryKey = queryKeys.accessEntry(owner, opened?.id ?? '')
    client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' })
  })

  return {
    /** Whose access log it is; `null` for the server's. */
    owner,
    access,
    entries,
    opened,
    setOpened,
    query,
    /** The filters of the rows on screen: while a search runs, those of the previous one. */
    shownQuery: useLastDefined(access.data && !access.isPlaceholderData ? query : undefined) ?? query,
    searching,
    dimmed: useDelayed(searching, 200) && pages !== undefined,
    /** Nothing has been read yet. */
    loading: access.isPending && !pages,
    more: () => !access.isFetching && access.fetchNextPage(),
    retry: () => {
      if (access.data) return access.fetchNextPage()
      beginAction('page')
      return access.refetch()
    },
  }
}
