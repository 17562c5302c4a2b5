import type { ReactNode } from 'react'
import type { Dictionary } from '../../i18n/en'
import { useMessages } from '../../i18n/language'
import { exactPeriod } from '../../lib/time/phrases'
import { exactTime } from '../../lib/time/zone'
import type { Entry, Summary, Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { activeFilters, endsNow, type Filters } from '../../model/log/filters'
import { columnTitles, filterLabel, filterText, type NameOf } from '../../model/log/filterTexts'
import { type Column, columns } from '../../model/log/preferences'
import { staleEnd } from '../../model/log/stalePeriod'
import { useStale } from '../../model/log/useStale'
import { PrintHeader } from '../../model/print/PrintHeader'
import { PrintTable } from '../../model/print/PrintTable'
import { maxPrintedRows } from '../../model/print/usePrint'
import { shown } from '../../ui/Shown'

interface Props {
  tenant: Tenant
  filters: Filters
  /** The entries on the page. */
  entries: Entry[]
  summary: Summary | undefined
  titles: Titles
  nameOf: NameOf
  hidden: Column[]
  /** The rows fetched for printing. */
  loaded: { rows: Entry[]; summary: Summary } | undefined
}

const parts: Record<Column, number> = {
  user: 12,
  role: 11,
  organization: 14,
  module: 16,
  type: 11,
  content: 23,
  time: 13,
}

/** The printed rows of the view. */
export default function LogPrintSheet(props: Props) {
  const { tenant, filters, titles, nameOf, hidden, loaded } = props
  const messages = useMessages()
  const zone = tenant.time_zone
  const rows = loaded?.rows ?? props.entries.slice(0, maxPrintedRows)
  const summary = loaded?.summary ?? props.summary
  const total = Math.max(summary?.total ?? 0, rows.length)
  const said = activeFilters(filters)
    .filter((name) => name !== 'period')
    .map((name) => {
      const text = filterText(name, filters, nameOf, summary, zone, messages)
      return messages.chipWhole(filterLabel(name, messages), name === 'organization' ? messages.andBelow(text) : text)
    })
  const until = staleEnd(summary?.to ?? '', useStale())
  const end = endsNow(filters) ? Math.min(until, Date.now()) : until
  const period = summary && exactPeriod(Date.parse(summary.from), end, zone, messages)
  const names = columnTitles(messages)
  const kept = columns.filter((column) => !hidden.includes(column))
  const cell = cellOf(titles, zone, messages)
  return (
    <PrintTable
      head={
        <PrintHeader
          tenant={tenant}
          title={messages.operationLog}
          facts={[
            [messages.printing.filters, said.length ? said.join(messages.printing.join) : messages.printing.none],
            ...(period ? [[messages.printing.period, period] as [string, string]] : []),
          ]}
          holds={
            rows.length >= total
              ? messages.operationsTotal(total)
              : loaded
                ? messages.printing.first(rows.length, total)
                : messages.printing.asLoaded(rows.length, total, Math.min(total, maxPrintedRows))
          }
        />
      }
      columns={kept.map((column) => ({ title: names[column], part: parts[column] }))}
      rows={rows.map((entry) => ({
        key: entry.seq,
        cells: kept.map((column) => cell(column, entry)),
      }))}
    />
  )
}

/** Draws the cells of entries. */
function cellOf(titles: Titles, zone: string, messages: Dictionary): (column: Column, entry: Entry) => ReactNode {
  const cells: Record<Column, (entry: Entry) => ReactNode> = {
    user: ({ user }) => shown(user.name),
    role: ({ user }) => shown(user.role),
    organization: ({ organization }) => shown(organization?.name ?? organization?.id),
    module: ({ module }) => titles.module(module),
    type: ({ operation, outcome }) => (
      <>
        {titles.operation(operation)}
        {outcome === 'failure' && <small>{messages.failed}</small>}
      </>
    ),
    content: ({ content }) => (
      <>
        {shown(content?.name)}
        {content?.id && <small>{shown(content.id)}</small>}
      </>
    ),
    time: ({ time }) => exactTime(time, zone),
  }
  return (column, entry) =>
    entry.damaged && column !== 'time' ? column === 'content' && messages.damaged : cells[column](entry)
}
