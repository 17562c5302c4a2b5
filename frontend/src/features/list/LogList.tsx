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
  const { tenant, filters, onFilters, log, layout, preferences, onPreferences, now, table, ignored } = props
  const messages = useMessages()
  const copy = useCopy()
  const zone = tenant.time_zone
  const { summary, entries } = log
  const terms = useMemo(() => searchTerms(filters.q), [filters.q])
  const filterBy = useCallback(
    (name: ListFilter, value: string) => onFilters(toggled(filters, name, value)),
    [filters, onFilters],
  )
  return (
    <>
      <Summary {...props} />
      {ignored.length > 0 && (
        <LazyBoundary>
          <IgnoredNotice
            ignored={ignored}
            source={props.ignoredSource}
            period={summary && periodText(filters, summary, zone, messages, now)}
            onClose={props.onCloseIgnored}
          />
        </LazyBoundary>
      )}
      <LogNotices log={log} />
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
        titles={log.titles}
        terms={terms}
        zone={zone}
        now={now}
        filters={filters}
        byOrganization={tenant.data_permission}
        onFilter={filterBy}
        onCopy={copy}
        empty={<NoRows {...props} />}
        foot={<LogFooter log={log} zone={zone} now={now} />}
      />
    </>
  )
}

/** The line above the rows: what they are, and the controls of the table. */
function Summary(props: Props) {
  const { tenant, filters, onFilters, log, now } = props
  const messages = useMessages()
  const { summary, readAt } = log
  const scope = filters.organization.map((id) => log.nameOf('organization', id))
  return (
    <SummaryLine
      summary={summary}
      filters={filters}
      zone={tenant.time_zone}
      now={now}
      scope={scope.length ? messages.listJoin(scope) : undefined}
      onFreeze={
        readAt && summary && isRelative(filters) ? () => onFilters(frozen(filters, summary, readAt)) : undefined
      }
    >
      <Controls {...props} />
    </SummaryLine>
  )
}

function Controls({ tenant, filters, log, layout, preferences, onPreferences, now, table, open }: Props) {
  const { query, entries, summary } = log
  const phone = layout.table === 'phone'
  return (
    <>
      <LiveControls
        tenant={tenant.id}
        query={query}
        possible={isOngoing(filters, now)}
        refused={log.refused !== undefined}
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
        key={query}
        tenant={tenant}
        filters={filters}
        entries={entries}
        summary={summary}
        titles={log.titles}
        nameOf={log.nameOf}
        hidden={preferences.hidden}
        open={open}
        silent={phone}
      />
      {!phone && (
        <TableOptions preferences={preferences} onPreferences={onPreferences} folded={layout.table === 'folded'} />
      )}
    </>
  )
}

/** The empty state; nothing while a search runs. */
function NoRows({ tenant, filters, onFilters, log }: Props) {
  if (!log.hasRead || log.searching) return null
  return (
    <LazyBoundary>
      <EmptyState
        tenant={tenant.id}
        filters={filters}
        summary={log.summary}
        organizations={log.organizations.data}
        zone={tenant.time_zone}
        nameOf={log.nameOf}
        onFilters={onFilters}
      />
    </LazyBoundary>
  )
}
