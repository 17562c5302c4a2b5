import type { Summary } from '../api/types'
import type { Dictionary } from '../i18n/en'
import { longMoment, shortMoment } from '../time/phrases'
import { endsNow, type FilterName, type Filters, type ListFilter } from './filters'
import { filterValues, shortList } from './names'

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
  const moment = (iso: string) => shortMoment(Date.parse(iso), zone, words)
  return words.period(from ? moment(from) : '…', filters.to ? moment(filters.to) : undefined)
}

/** `Wed 18 Nov 12:00 to now` */
export function periodText(filters: Filters, summary: Summary, zone: string, words: Dictionary, now: number): string {
  const moment = (iso: string) => longMoment(Date.parse(iso), zone, words, now)
  return words.period(moment(summary.from), endsNow(filters) ? undefined : moment(summary.to))
}
