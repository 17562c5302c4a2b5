import type { Preset, WireFilters } from '../api/types'

/** The fields of an entry whose values can be chosen or excluded, in the order of their chips. */
export const fields = ['user', 'operation', 'module', 'organization', 'contentId', 'role', 'outcome', 'ip'] as const
export type Field = (typeof fields)[number]
export type Exclusion = `not${Capitalize<Field>}`
export type ListFilter = Field | Exclusion
export type FilterName = 'q' | ListFilter | 'period'

/** What the log is narrowed to. The address is the only place it is kept, so every view can be shared. */
export interface Filters extends Record<ListFilter, string[]> {
  q: string
  range?: Preset
  from?: string
  to?: string
}

export const presets = ['today', 'last_7_days', 'last_30_days', 'last_90_days'] as const satisfies Preset[]
/** The presets that follow the calendar; those that have ended stand still until the next day, week or month. */
export const calendarPresets = ['yesterday', 'last_week', 'this_month', 'last_month'] as const satisfies Preset[]
const ended: readonly Preset[] = ['yesterday', 'last_week', 'last_month']
export const defaultPreset: Preset = 'last_7_days'

export function exclusionOf(field: Field): Exclusion {
  return `not${field[0]?.toUpperCase()}${field.slice(1)}` as Exclusion
}

/** A field's own filter, then its exclusion, in the order of the chips. */
export const listFilters: readonly ListFilter[] = fields.flatMap((field) => [field, exclusionOf(field)])

const fieldsByFilter = new Map(
  fields.flatMap((field) => [[field, field] as const, [exclusionOf(field), field] as const]),
)

export function fieldOf(name: ListFilter): Field {
  return fieldsByFilter.get(name) ?? (name as Field)
}

export function isExclusion(name: FilterName): name is Exclusion {
  return name.startsWith('not')
}

export function isList(name: FilterName): name is ListFilter {
  return name !== 'q' && name !== 'period'
}

/** Whether there are choices to open: a content has none, and organizations are excluded where they are met. */
export function hasChoices(name: FilterName): boolean {
  return name !== 'contentId' && name !== 'notContentId' && name !== 'notOrganization'
}

type WireList = Exclude<keyof WireFilters, 'q'>

/** `not_content_id`: as addresses and requests have it. */
export function wireName(name: ListFilter): WireList {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as WireList
}

export const noFilters: Filters = {
  q: '',
  ...(Object.fromEntries(listFilters.map((name) => [name, []])) as unknown as Record<ListFilter, string[]>),
}

function instant(value: string | null): string | undefined {
  return value && !Number.isNaN(Date.parse(value)) ? value : undefined
}

export function readFilters(search: URLSearchParams): Filters {
  const range = search.get('range')
  const list = (name: ListFilter) => [...new Set(search.getAll(wireName(name)).filter((value) => value !== ''))]
  return {
    ...noFilters,
    ...Object.fromEntries(listFilters.map((name) => [name, list(name)])),
    q: search.get('q') ?? '',
    range: [...presets, ...calendarPresets].find((preset) => preset === range),
    from: instant(search.get('from')),
    to: instant(search.get('to')),
  }
}

/** The same names serve the address of the page and the query of the API. */
export function writeFilters(filters: Filters): URLSearchParams {
  const search = new URLSearchParams()
  if (filters.q.trim() !== '') search.set('q', filters.q)
  for (const name of listFilters) for (const value of filters[name]) search.append(wireName(name), value)
  if (filters.range) search.set('range', filters.range)
  if (filters.from) search.set('from', filters.from)
  if (filters.to) search.set('to', filters.to)
  return search
}

export function hasPeriod(filters: Filters): boolean {
  return filters.range !== undefined || filters.from !== undefined || filters.to !== undefined
}

/** With the usual period where there is none. */
export function withPeriod(filters: Filters): Filters {
  return hasPeriod(filters) ? filters : { ...filters, range: defaultPreset }
}

/** Whether the period ends now: no end has been cut off, and it is no preset that has ended. */
export function endsNow(filters: Filters): boolean {
  return filters.to === undefined && !(filters.range && ended.includes(filters.range))
}

/** Whether new entries can come into the period: it ends now, or later, as a day does that is not over. */
export function isOngoing(filters: Filters, now: number): boolean {
  return endsNow(filters) || (filters.to !== undefined && Date.parse(filters.to) > now)
}

/** Whether the same link shows another period later: a preset, or an end that is left open. */
export function isRelative(filters: Filters): boolean {
  return filters.range !== undefined || filters.to === undefined
}

/**
 * The period as it was read, in fixed instants. The summary tells where it begins and ends; one that goes on ends when
 * it was read, at the next full second.
 */
export function frozen(filters: Filters, read: { from: string; to: string }, readAt: number): Filters {
  const end = Math.min(Date.parse(read.to), Math.ceil(readAt / 1000) * 1000)
  return { ...filters, range: undefined, from: read.from, to: new Date(end).toISOString() }
}

/** A selection inside the period of a preset: the frame stays, the selection narrows it. */
export function hasSelection(filters: Filters): boolean {
  return filters.range !== undefined && (filters.from !== undefined || filters.to !== undefined)
}

/** The selection as a period of its own; one that touches an end of its frame ends there. */
export function selectionAlone(filters: Filters, read: { to: string } | undefined): Filters {
  return { ...filters, range: undefined, to: endsNow(filters) ? undefined : (filters.to ?? read?.to) }
}

export function withoutSelection(filters: Filters): Filters {
  return hasSelection(filters) ? { ...filters, from: undefined, to: undefined } : filters
}

export function without(filters: Filters, name: FilterName): Filters {
  if (name === 'q') return { ...filters, q: '' }
  if (name === 'period') return withoutSelection(filters)
  return { ...filters, [name]: [] }
}

/** A field's values, chosen and excluded, replaced. */
export function withValues(filters: Filters, field: Field, chosen: string[], excluded: string[]): Filters {
  return { ...filters, [field]: chosen, [exclusionOf(field)]: excluded }
}

/** Neither chosen nor excluded values of a field: what the counts beside its choices are for. */
export function withoutField(filters: Filters, field: Field): Filters {
  return withValues(filters, field, [], [])
}

export function toggled(filters: Filters, name: ListFilter, value: string): Filters {
  const values = filters[name]
  const isOn = values.includes(value)
  const next = isOn ? values.filter((one) => one !== value) : [...values, value]
  const field = fieldOf(name)
  const other = isExclusion(name) ? field : exclusionOf(field)
  const rest = { ...filters, [other]: filters[other].filter((one) => one !== value) }
  // An organization stands for all below it, so one is chosen at a time.
  if (name === 'organization') return { ...rest, organization: isOn ? [] : [value] }
  return { ...rest, [name]: next }
}

/** All filters off; the period is not one of them. */
export function cleared(filters: Filters): Filters {
  return { ...noFilters, range: filters.range, ...(filters.range ? {} : { from: filters.from, to: filters.to }) }
}

/** The filters that are on, in the order of their chips, the period's selection last. */
export function activeFilters(filters: Filters): FilterName[] {
  const on: FilterName[] = listFilters.filter((name) => filters[name].length > 0)
  if (filters.q.trim() !== '') on.unshift('q')
  return hasSelection(filters) ? [...on, 'period'] : on
}

export function wireFilters(filters: Filters): WireFilters {
  const wire: WireFilters = {}
  if (filters.q.trim() !== '') wire.q = filters.q
  for (const name of listFilters) if (filters[name].length) Object.assign(wire, { [wireName(name)]: filters[name] })
  return wire
}
