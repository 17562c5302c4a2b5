import type { Dictionary } from '../../i18n/en'
import { longPeriod, shortPeriod } from '../../lib/time/phrases'
import type { Summary } from '../api/types'
import { endsNow, type Field, type FilterName, type Filters, fieldOf, isExclusion, isList } from './filters'
import { filterValues, shortList } from './names'
import type { Column } from './preferences'

export type NameOf = (field: Field, value: string) => string

export function fieldLabel(field: Field, messages: Dictionary): string {
  return {
    user: messages.user,
    operation: messages.operationType,
    module: messages.functionalModule,
    organization: messages.organization,
    contentId: messages.contentId,
    role: messages.role,
    outcome: messages.outcome,
    ip: messages.ip,
    key: messages.apiKey,
  }[field]
}

export function filterLabel(name: FilterName, messages: Dictionary): string {
  if (name === 'q') return messages.search
  if (name === 'period') return messages.operationTime
  const label = fieldLabel(fieldOf(name), messages)
  return isExclusion(name) ? messages.not(label) : label
}

export function columnTitles(messages: Dictionary): Record<Column, string> {
  return {
    user: messages.user,
    role: messages.role,
    organization: messages.organization,
    module: messages.functionalModule,
    type: messages.operationType,
    content: messages.content,
    time: messages.operationTime,
  }
}

/** The value of a filter as text; the period is from the summary, because the server resolves it. */
export function filterText(
  name: FilterName,
  filters: Filters,
  nameOf: NameOf,
  summary: Summary | undefined,
  zone: string,
  messages: Dictionary,
): string {
  if (name === 'q') return filters.q.trim()
  if (isList(name)) return shortList(filterValues(filters, name, nameOf), messages.more, messages.listJoin)
  const from = filters.from ?? summary?.from
  const to = endsNow(filters) && !summary?.ended ? undefined : (filters.to ?? summary?.to)
  if (!from) return '…'
  return shortPeriod(Date.parse(from), to ? Date.parse(to) : undefined, zone, messages)
}

/** The same without a label: `not Emma` for excluded values. */
export function filterPhrase(...of: Parameters<typeof filterText>): string {
  const [name, , , , , messages] = of
  return isExclusion(name) ? messages.notThese(filterText(...of)) : filterText(...of)
}

/** `Wed 18 Nov 12:00 to now` */
export function periodText(
  filters: Filters,
  summary: Summary,
  zone: string,
  messages: Dictionary,
  now: number,
): string {
  return longPeriod(
    Date.parse(summary.from),
    endsNow(filters) && !summary.ended ? undefined : Date.parse(summary.to),
    zone,
    messages,
    now,
  )
}
