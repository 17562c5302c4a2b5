import { useEffect } from 'react'
import { useFilters } from '../features/filters/useFilters'
import { usePanel } from '../features/organizations/usePanel'
import { withTableSettings } from '../features/views/tableSettings'
import type { Tenant } from '../model/api/types'
import { layoutFor } from '../model/log/layout'
import { type LogPart, useLog } from '../model/log/useLog'
import { usePreferences } from '../model/log/usePreferences'
import { preloadParts } from '../ui/hooks/preload'
import { useViewportWidth } from '../ui/hooks/useViewportWidth'

/** What the log page shows: the filters of its URL, the entries that match them, and the layout. */
export function useLogView(tenant: Tenant, entryOpen: boolean) {
  const [preferences, onPreferences] = usePreferences()
  const {
    filters,
    setFilters: onFilters,
    openQuery,
    ...ignored
  } = useFilters(
    // An entry opened directly by URL is shown in the default list.
    entryOpen ? undefined : tenant.start,
    ({ table }) => {
      if (table) onPreferences(withTableSettings(preferences, table))
    },
  )

  const panel = usePanel()
  const hasTree = tenant.data_permission
  const layout = layoutFor(useViewportWidth(), hasTree && !panel.closed ? panel.width : 0, entryOpen)

  const log = useLog(tenant, filters)
  useEffect(() => {
    if (log.hasRead) preloadParts()
  }, [log.hasRead])

  const part: LogPart = { tenant, filters, onFilters, log, layout, preferences, onPreferences }
  return { part, openQuery, ignored, panel, treeFits: hasTree && layout.tree }
}
