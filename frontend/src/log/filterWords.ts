import type { Summary } from '../api/types'
import type { Dictionary } from '../i18n/en'
import { longPeriod, shortPeriod } from '../time/phrases'
import { endsNow, type FilterName, type Filters, type ListFilter } from './filters'
import { filterValues, shortList } from './names'
import type { Column } from './taste'

export type NameOf = (name: ListFilter, value: string) => string

export function filterLabel(name: FilterName, words: Dictionary): string {
  return {
    q: words.search,
    user: words.user,
    operation: words.operationType,
    module: words.functionalModule,
    organization: words.organization,
    contentId: words.contentId,
    period: words.operationTime,
  }[name]
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

/** What a filter is set to, in words; the period's from the summary, because the server resolves it. */
export function filterText(
  name: FilterName,
  filters: Filters,
  nameOf: NameOf,
  summary: Summary | undefined,
  zone: string,
  words: Dictionary,
): string {
  if (name === 'q') return filters.q.trim()
  if (name !== 'period') return shortList(filterValues(filters, name, nameOf), words.more, words.listJoin)
  const from = filters.from ?? summary?.from
  if (!from) return '…'
  return shortPeriod(Date.parse(from), filters.to ? Date.parse(filters.to) : undefined, zone, words)
}

/** `Wed 18 Nov 12:00 to now` */
export function periodText(filters: Filters, summary: Summary, zone: string, words: Dictionary, now: number): string {
  return longPeriod(Date.parse(summary.from), endsNow(filters) ? undefined : Date.parse(summary.to), zone, words, now)
}
