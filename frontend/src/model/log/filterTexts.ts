import type { Dictionary } from '../../i18n/en'
import { longPeriod, shortPeriod } from '../../lib/time/phrases'
import type { Summary } from '../api/types'
import { endsNow, type Field, type FilterName, type Filters, fieldOf, isExclusion, isList } from './filters'
import { filterValues, shortList } from './names'
import type { Column } from './preferences'

export type NameOf = (field: Field, value: string) => string

export function fieldLabel(field: Field, words: Dictionary): string {
  return {
    user: words.user,
    operation: words.operationType,
    module: words.functionalModule,
    organization: words.organization,
    contentId: words.contentId,
    role: words.role,
    outcome: words.outcome,
    ip: words.ip,
    key: words.apiKey,
  }[field]
}

export function filterLabel(name: FilterName, words: Dictionary): string {
  if (name === 'q') return words.search
  if (name === 'period') return words.operationTime
  const label = fieldLabel(fieldOf(name), words)
  return isExclusion(name) ? words.not(label) : label
}

export function columnTitles(words: Dictionary): Record<Column, string> {
  return {
    user: words.user,
    role: words.role,
    organization: words.organization,
    module: words.functionalModule,
    type: words.operationType,
    content: words.content,
    time: words.operationTime,
  }
}

/** The value of a filter as text; the period is from the summary, because the server resolves it. */
export function filterText(
  name: FilterName,
  filters: Filters,
  nameOf: NameOf,
  summary: Summary | undefined,
  zone: string,
  words: Dictionary,
): string {
  if (name === 'q') return filters.q.trim()
  if (isList(name)) return shortList(filterValues(filters, name, nameOf), words.more, words.listJoin)
  const from = filters.from ?? summary?.from
  const to = endsNow(filters) ? undefined : (filters.to ?? summary?.to)
  if (!from) return '…'
  return shortPeriod(Date.parse(from), to ? Date.parse(to) : undefined, zone, words)
}

/** The same without a label: `not Emma` for excluded values. */
export function filterPhrase(...of: Parameters<typeof filterText>): string {
  const [name, , , , , words] = of
  return isExclusion(name) ? words.notThese(filterText(...of)) : filterText(...of)
}

/** `Wed 18 Nov 12:00 to now` */
export function periodText(filters: Filters, summary: Summary, zone: string, words: Dictionary, now: number): string {
  return longPeriod(Date.parse(summary.from), endsNow(filters) ? undefined : Date.parse(summary.to), zone, words, now)
}
