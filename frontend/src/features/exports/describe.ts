import type { ExportsMessages } from '../../i18n/exportsMessages'
import { ApiProblem, problemText } from '../../lib/problem'
import { exactPeriod } from '../../lib/time/phrases'
import { exactTime, offsetText } from '../../lib/time/zone'
import type { Export } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { type Field, fieldOf, isExclusion, listFilters, wireName } from '../../model/log/filters'
import { outcomeTitle, shortList, withIds } from '../../model/log/names'
import { staleEnd } from '../../model/log/stalePeriod'
import type { Stale } from '../../model/log/useStale'

/** Describes the content of an export: its filters, or that it has none. Users have their names at that time. */
export function exportContent(
  one: Export,
  titles: Titles,
  organizationName: (id: string) => string,
  messages: ExportsMessages,
): string {
  const { filters } = one
  const users = withIds(Object.entries(one.user_names ?? {}))
  const titleOf: Partial<Record<Field, (value: string) => string>> = {
    operation: titles.operation,
    module: titles.module,
    user: (id) => users.get(id) ?? id,
    organization: organizationName,
    outcome: (value) => outcomeTitle(value, messages),
  }
  const parts = filters.q ? [`“${filters.q}”`] : []
  for (const name of listFilters) {
    const title = titleOf[fieldOf(name)] ?? ((value: string) => value)
    const values = filters[wireName(name)]?.map(title) ?? []
    const text = shortList(values, messages.more, messages.listJoin)
    if (values.length > 0) parts.push(isExclusion(name) ? messages.notThese(text) : text)
  }
  return parts.length ? messages.listJoin(parts) : messages.allOperations
}

export function exportPeriod(one: Export, zone: string, messages: ExportsMessages): string {
  if (one.range !== 'custom' || !one.from || !one.to) return messages.rangeInText[one.range]
  return exactPeriod(Date.parse(one.from), Date.parse(one.to), zone, messages)
}

/** Who made an export, in which format and when. */
export function madeText(one: Export, zone: string, messages: ExportsMessages): string {
  const by = one.created_by.username ?? one.created_by.key ?? ''
  const format = one.format === 'xlsx' ? 'Excel' : one.format.toUpperCase()
  const time = exactTime(one.created_at, zone).slice(0, 16)
  return one.status === 'running' ? messages.startedBy(by, format, time.slice(11)) : messages.madeBy(by, format, time)
}

/** The exact period of an export that is not started yet. */
export function exactExportPeriod(
  { from, to }: { from: string; to: string },
  zone: string,
  messages: ExportsMessages,
  stale?: Stale,
): string {
  // The last day of a preset is not over yet: the export ends now, or where the data does.
  const end = new Date(Math.max(Date.parse(from), Math.min(staleEnd(to, stale), Date.now()))).toISOString()
  const period = messages.period(exactTime(from, zone), exactTime(end, zone))
  return messages.periodInZone(period, zone, offsetText(Date.parse(end), zone))
}

/** How long the file is still kept. */
export function remainingTime(one: Export, now: number, messages: ExportsMessages): string | undefined {
  if (!one.expires_at) return undefined
  const hours = (Date.parse(one.expires_at) - now) / 3_600_000
  return hours >= 24 ? messages.days(Math.round(hours / 24)) : messages.hours(Math.max(0, Math.floor(hours)))
}

/** Why an export could not be started. */
export function refusalText(error: unknown, messages: ExportsMessages): string {
  return (error instanceof ApiProblem && messages.exportRefused(error.status)) || problemText(error)
}

/** Why an export failed, in the language of the console. Exports of earlier versions have the server's message alone. */
export function exportFailure({ error, error_reason: type, error_params: params }: Export): string | undefined {
  if (!error) return undefined
  return problemText(new ApiProblem(1, { detail: error, ...(type && { type }), ...(params && { params }) }))
}
