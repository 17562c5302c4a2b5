import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useParams } from 'react-router'
import { useOpenEntry } from '../features/entry/useOpenEntry'
import { LogFilters } from '../features/filters/LogFilters'
import { useFilters } from '../features/filters/useFilters'
import { useOpening } from '../features/filters/useOpening'
import { LogHistogram } from '../features/histogram/LogHistogram'
import { LogList } from '../features/list/LogList'
import type { TableHandle } from '../features/list/LogTable'
import { OrganizationPanel } from '../features/organizations/OrganizationPanel'
import { usePanel } from '../features/organizations/usePanel'
import { withTableSettings } from '../features/views/tableSettings'
import { useViewContext } from '../features/views/useViewContext'
import { ViewsMenu } from '../features/views/ViewsMenu'
import { useMessages } from '../i18n/language'
import { ApiProblem } from '../lib/problem'
import { queryKeys } from '../model/api/queryKeys'
import type { Entry, Tenant } from '../model/api/types'
import { useActions } from '../model/api/useActions'
import { toggled } from '../model/log/filters'
import { layoutFor } from '../model/log/layout'
import { type LogPart, useLog } from '../model/log/useLog'
import { usePreferences } from '../model/log/usePreferences'
import type { TreeHandle } from '../model/organizations/OrganizationTree'
import { preloadParts } from '../ui/hooks/preload'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { useKey } from '../ui/hooks/useKey'
import { useNow } from '../ui/hooks/useNow'
import { useViewportWidth } from '../ui/hooks/useViewportWidth'
import { type LogDialog, LogDialogs } from './LogDialogs'
import { TopBar } from './TopBar'
import '../ui/log.css'

/** The operation log: its features side by side, sharing the filters in the URL and the entries that match them. */
export function LogPage({ tenant }: { tenant: Tenant }) {
  const messages = useMessages()
  const client = useQueryClient()
  const { entry: openId } = useParams()
  const entryOpen = openId !== undefined
  const [preferences, setPreferences] = usePreferences()
  // An entry opened directly by URL is shown in the default list.
  const { filters, setFilters, openQuery, ignored, ignoredSource, closeIgnored } = useFilters(
    entryOpen ? undefined : tenant.start,
    ({ table }) => {
      if (table) setPreferences(withTableSettings(preferences, table))
    },
  )
  const [dialog, setDialog] = useState<LogDialog>()
  const now = useNow()
  useDocumentTitle(messages.operationLog)

  const panel = usePanel()
  const hasTree = tenant.data_permission
  const layout = layoutFor(useViewportWidth(), hasTree && !panel.closed ? panel.width : 0, entryOpen)
  const phone = layout.table === 'phone'
  const treeFits = hasTree && layout.tree

  const log = useLog(tenant, filters)
  useEffect(() => {
    if (log.hasRead) preloadParts()
  }, [log.hasRead])
  /** The invalid filters: retrying would not help. */
  const refused = log.error instanceof ApiProblem && log.error.status === 422 ? log.error.locations : undefined
  const { name: entry, seq: openSeq, open: openEntry } = useOpenEntry(tenant.id, log.entries, log.query)
  useActions(tenant.id, log.query, entry, (area) => {
    const again =
      area === 'page'
        ? [queryKeys.entries(tenant.id, log.query), queryKeys.summary(tenant.id, log.query)]
        : [queryKeys.entry(tenant.id, entry?.id ?? '', entry?.seq)]
    for (const queryKey of again) client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' })
  })

  const table = useRef<TableHandle>(null)
  const openRow = useCallback((one: Entry) => openEntry(one, { replace: entryOpen }), [openEntry, entryOpen])
  function closeEntry() {
    openEntry(undefined)
    requestAnimationFrame(() => table.current?.focusCurrent())
  }

  const tree = useRef<TreeHandle>(null)
  const opening = useOpening({
    phone,
    onSheet: (at) => setDialog({ is: 'filters', at }),
    onTree: layout.tree
      ? () => {
          panel.setClosed(false)
          requestAnimationFrame(() => tree.current?.focus())
        }
      : undefined,
  })

  useKey('[', () => panel.setClosed(!panel.closed), treeFits)
  useKey('g', () => setDialog({ is: 'jump' }))

  const shared: LogPart = {
    tenant,
    filters,
    onFilters: setFilters,
    log,
    layout,
    preferences,
    onPreferences: setPreferences,
  }
  const views = useViewContext(shared, openQuery)

  return (
    <div className={entryOpen && layout.drawer === 'beside' ? 'app with-drawer' : 'app'}>
      <TopBar tenant={tenant} />
      {treeFits && !panel.closed && (
        <OrganizationPanel
          tree={tree}
          organizations={log.organizations.data}
          error={log.organizations.error}
          own={log.ownCounts}
          outside={log.outside}
          selected={filters.organization}
          width={panel.width}
          onSelect={(id) => setFilters(toggled(filters, 'organization', id))}
          onWidth={panel.setWidth}
          onCollapse={() => panel.setClosed(true)}
        />
      )}
      <main className={`main main-${layout.table}`}>
        <h1 className="sr">{messages.operationLog}</h1>
        <LogFilters
          {...shared}
          opening={opening}
          refused={refused ?? []}
          onShowTree={treeFits && panel.closed ? () => panel.setClosed(false) : undefined}
          onSheet={() => setDialog({ is: 'filters' })}
          onJump={() => setDialog({ is: 'jump' })}
          onExport={() => setDialog({ is: 'export' })}
          views={<ViewsMenu {...views} phone={phone} />}
        />
        <LogHistogram {...shared} entryOpen={entryOpen} />
        <LogList
          {...shared}
          table={table}
          now={now}
          refused={refused !== undefined}
          ignored={ignored}
          ignoredSource={ignoredSource}
          onCloseIgnored={closeIgnored}
          open={entry}
          openSeq={openSeq}
          onOpen={openRow}
          onChoose={opening.open}
        />
      </main>
      <LogDialogs
        {...shared}
        entry={entry}
        openSeq={openSeq}
        dialog={dialog}
        now={now}
        onEntry={(one) => openEntry(one, { replace: true })}
        onCloseEntry={closeEntry}
        onClose={() => setDialog(undefined)}
      />
    </div>
  )
}
