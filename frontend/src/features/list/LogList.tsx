import { type RefObject, useCallback, useMemo } from 'react'
import { useMessages } from '../../i18n/language'
import type { Entry } from '../../model/api/types'
import type { EntryName } from '../../model/log/entryAddress'
import {
  type Field,
  frozen,
  type Ignored,
  isOngoing,
  isRelative,
  type ListFilter,
  type Source,
  toggled,
} from '../../model/log/filters'
import { periodText } from '../../model/log/filterTexts'
import type { LogPart } from '../../model/log/useLog'
import { preloadable } from '../../ui/hooks/preload'
import { LazyBoundary } from '../../ui/LazyBoundary'
import { useCopy } from '../../ui/useCopy'
import { LiveControls } from './LiveControls'
import { LogFooter } from './LogFooter'
import { LogNotices } from './LogNotices'
import { LogPrint } from './LogPrint'
import { LogTable, type TableHandle } from './LogTable'
import { SummaryLine } from './SummaryLine'
import { searchTerms } from './searchMatches'
import { TableOptions } from './TableOptions'

const EmptyState = preloadable(() => import('./EmptyState'))
const IgnoredNotice = preloadable(() => import('../../model/log/IgnoredNotice'))

interface Props extends LogPart {
  table: RefObject<TableHandle | null>
  now: number
  /** The server refused the filters: retrying would not help. */
  refused: boolean
  /** Parameters of the link or the view that are ignored. */
  ignored: Ignored[]
  ignoredSource: Source
  onCloseIgnored: () => void
  /** The entry that is open. */
  open: EntryName | undefined
  openSeq: number | undefined
  onOpen: (entry: Entry) => void
  /** Opens the choices of a filter, from the head of its column. */
  onChoose: (field: Field) => void
}

/** The rows, the line above that describes them, and notices or the empty state instead of them. */
export function LogList(props: Props) {
  const { tenant, filters, onFilters, log, layout, preferences, onPreferences, now, table } = props
  const messages = useMessages()
  const copy = useCopy()
  const zone = tenant.time_zone
  const phone = layout.table === 'phone'
  const { summary, entries, titles, nameOf } = log
  const terms = useMemo(() => searchTerms(filters.q), [filters.q])
  const filterBy = useCallback(
    (name: ListFilter, value: string) => onFilters(toggled(filters, name, value)),
    [filters, onFilters],
  )
  const scope = filters.organization.map((id) => nameOf('organization', id))

  return (
    <>
      <SummaryLine
        summary={summary}
        filters={filters}
        zone={zone}
        now={now}
        scope={scope.length ? messages.listJoin(scope) : undefined}
        onFreeze={
          log.readAt && summary && isRelative(filters)
            ? () => onFilters(frozen(filters, summary, log.readAt))
            : undefined
        }
      >
        <LiveControls
          tenant={tenant.id}
          query={log.query}
          possible={isOngoing(filters, now)}
          refused={props.refused}
          on={preferences.live}
          total={summary?.total}
          readAt={log.readAt}
          onTurn={(live) => onPreferences({ ...preferences, live })}
          onShow={() => {
            table.current?.toTop()
            log.restart()
          }}
          onBack={log.readAgain}
        />
        <LogPrint
          key={log.query}
          tenant={tenant}
          filters={filters}
          entries={entries}
          summary={summary}
          titles={titles}
          nameOf={nameOf}
          hidden={preferences.hidden}
          open={props.open}
          silent={phone}
        />
        {!phone && (
          <TableOptions preferences={preferences} onPreferences={onPreferences} folded={layout.table === 'folded'} />
        )}
      </SummaryLine>
      {props.ignored.length > 0 && (
        <LazyBoundary>
          <IgnoredNotice
            ignored={props.ignored}
            source={props.ignoredSource}
            period={summary && periodText(filters, summary, zone, messages, now)}
            onClose={props.onCloseIgnored}
          />
        </LazyBoundary>
      )}
      <LogNotices
        error={log.error}
        verySlow={log.verySlow}
        cancelled={log.cancelled}
        onRetry={log.refresh}
        onCancel={log.cancel}
      />
      <LogTable
        ref={table}
        entries={entries}
        total={summary?.total}
        layout={layout.table}
        preferences={preferences}
        onPreferences={onPreferences}
        onChoose={props.onChoose}
        openSeq={props.openSeq}
        dimmed={log.dimmed}
        loading={log.loading}
        hasMore={log.hasMore}
        onMore={log.more}
        onOpen={props.onOpen}
        resetKey={`${tenant.id}?${log.shownQuery}`}
        titles={titles}
        terms={terms}
        zone={zone}
        now={now}
        filters={filters}
        byOrganization={tenant.data_permission}
        onFilter={filterBy}
        onCopy={copy}
        empty={
          log.hasRead && !log.searching ? (
            <LazyBoundary>
              <EmptyState
                tenant={tenant.id}
                filters={filters}
                summary={summary}
                organizations={log.organizations.data}
                zone={zone}
                nameOf={nameOf}
                onFilters={onFilters}
              />
            </LazyBoundary>
          ) : null
        }
        foot={<LogFooter rows={entries.length} hasMore={log.hasMore} error={log.moreError} onRetry={log.retryMore} />}
      />
    </>
  )
}
