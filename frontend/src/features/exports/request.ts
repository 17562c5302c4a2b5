import type { ExportRequest, Preset } from '../../model/api/types'
import { type Filters, noFilters, wireFilters } from '../../model/log/filters'

/** The formats that the dialog offers. */
export type ExportFormat = 'csv' | 'xlsx' | 'ndjson'
/** Columns that CSV and XLSX have on request, in their order. */
export const longColumns = ['exact_time', 'received', 'key', 'user_agent', 'changes', 'details'] as const
export type LongColumn = (typeof longColumns)[number]
export type PeriodChoice = 'shown' | Preset | 'custom'

export interface Wanted {
  period: PeriodChoice
  custom: { from: string; to: string } | undefined
  filtered: boolean
  format: ExportFormat
  columns: LongColumn[]
}

/** The filters of the export; the count shown before and the request use the same ones. */
export function filtersOf(shown: Filters, wanted: Wanted): Filters {
  const narrowed = wanted.filtered ? shown : noFilters
  const base = { ...narrowed, range: undefined, from: undefined, to: undefined }
  if (wanted.period === 'shown') return { ...base, range: shown.range, from: shown.from, to: shown.to }
  if (wanted.period === 'custom') return { ...base, from: wanted.custom?.from, to: wanted.custom?.to }
  return { ...base, range: wanted.period }
}

/** The request; `resolved` fills an open end of a period that no preset names. */
export function exportRequest(
  filters: Filters,
  { format, columns }: Pick<Wanted, 'format' | 'columns'>,
  resolved: { from: string; to: string },
): ExportRequest {
  const request: ExportRequest = { range: filters.range ?? 'custom', format, filters: wireFilters(filters) }
  if (format !== 'ndjson' && columns.length) request.columns = longColumns.filter((name) => columns.includes(name))
  const from = filters.from ?? (filters.range ? undefined : resolved.from)
  const to = filters.to ?? (filters.range ? undefined : resolved.to)
  if (from) request.from = from
  if (to) request.to = to
  return request
}
