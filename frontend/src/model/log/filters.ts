import type { Preset, WireFilters } from '../api/types'

/** The fields of an entry whose values can be chosen or excluded, in the order of their chips. */
export const fields = [
  'user',
  'operation',
  'module',
  'organization',
  'contentId',
  'role',
  'outcome',
  'ip',
  'key',
] as const
export type Field = (typeof fields)[number]
export type Exclusion = `not${Capitalize<Field>}`
export type ListFilter = Field | Exclusion
export type FilterName = 'q' | ListFilter | 'period'

/** The filters of the log. They are stored only in the URL, so every view can be shared. */
export interface Filters extends Record<ListFilter, string[]> {
  q: string
  range?: Preset
  from?: string
  to?: string
}

export const presets = ['today', 'last_7_days', 'last_30_days', 'last_90_days'] as const satisfies Preset[]
/** The calendar presets; ended ones do not move until the next day, week or month. */
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

/** Whether the filter has choices: content has none, and organizations are excluded in the rows. */
export function hasChoices(name: FilterName): boolean {
  return name !== 'contentId' && name !== 'notContentId' && name !== 'notOrganization'
}

type WireList = Exclude<keyof WireFilters, 'q'>

/** `not_content_id`: the name in URLs and requests. */
export function wireName(name: ListFilter): WireList {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as WireList
}

export const noFilters: Filters = {
  q: '',
  ...(Object.fromEntries(listFilters.map((name) => [name, []])) as unknown as Record<ListFilter, string[]>),
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** An instant as the API reads it. An unescaped plus sign arrives as a space. */
function instant(value: string | null): string | undefined {
  const text = value?.replace(' ', '+') ?? ''
  return rfc3339.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined
}

function preset(value: string | null): Preset | undefined {
  return [...presets, ...calendarPresets].find((one) => one === value)
}

export function readFilters(search: URLSearchParams): Filters {
  const list = (name: ListFilter) => [...new Set(search.getAll(wireName(name)).filter((value) => value !== ''))]
  return {
    ...noFilters,
    ...Object.fromEntries(listFilters.map((name) => [name, list(name)])),
    q: search.get('q') ?? '',
    range: preset(search.get('range')),
    from: instant(search.get('from')),
    to: instant(search.get('to')),
  }
}

/** A parameter of a link that is ignored: unknown, given twice, or with a value that cannot be read. */
export interface Ignored {
  name: string
  value: string
}

/** Where the parameters come from. */
export type Source = 'link' | 'view'

/** Whether a parameter is part of the period. */
export const isOfPeriod = ({ name }: Ignored) => name === 'range' || name === 'from' || name === 'to'

/** The parameters that a page with these filters ignores, except empty ones and those that it reads itself. */
export function ignoredIn(
  search: URLSearchParams,
  ownNames: readonly string[],
  filters: readonly ListFilter[] = listFilters,
): Ignored[] {
  const lists = new Set<string>(filters.map(wireName))
  const seen = new Set<string>()
  return [...search].flatMap(([name, value]) => {
    if (value === '' || lists.has(name) || ownNames.includes(name)) return []
    const read =
      name === 'q' || (name === 'range' ? preset(value) : (name === 'from' || name === 'to') && instant(value))
    const isRead = Boolean(read) && !seen.has(name)
    seen.add(name)
    return isRead ? [] : [{ name, value }]
  })
}

/** The page's URL and the API's query use the same names. */
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

/** Adds the default period if there is none. */
export function withPeriod(filters: Filters): Filters {
  return hasPeriod(filters) ? filters : { ...filters, range: defaultPreset }
}

/** Whether the period ends now: without a fixed end, and not a preset that has ended. */
export function endsNow(filters: Filters): boolean {
  return filters.to === undefined && !(filters.range && ended.includes(filters.range))
}

/** Whether new entries can fall into the period: it ends now or later, such as today. */
export function isOngoing(filters: Filters, now: number): boolean {
  return endsNow(filters) || (filters.to !== undefined && Date.parse(filters.to) > now)
}

/** Whether the same link shows another period later: it is a preset, or its end is open. */
export function isRelative(filters: Filters): boolean {
  return filters.range !== undefined || filters.to === undefined
}

/**
 * The period as it was read, in fixed instants, which the summary gives. A period that has not ended ends at the next full
 * second after it was read.
 */
export function frozen(filters: Filters, read: { from: string; to: string }, readAt: number): Filters {
  const end = Math.min(Date.parse(read.to), Math.ceil(readAt / 1000) * 1000)
  return { ...filters, range: undefined, from: read.from, to: new Date(end).toISOString() }
}

/** A selection inside the period of a preset: the frame stays, the selection narrows it. */
export function hasSelection(filters: Filters): boolean {
  return filters.range !== undefined && (filters.from !== undefined || filters.to !== undefined)
}

/** The selection as a custom period; one that touches the end of its frame ends there. */
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

/** Without the filters of a field: the counts beside its choices use these. */
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
  // An organization includes all below it, so only one can be chosen.
  if (name === 'organization') return { ...rest, organization: isOn ? [] : [value] }
  return { ...rest, [name]: next }
}

/** Clears all filters, but not the period. */
export function cleared(filters: Filters): Filters {
  return { ...noFilters, range: filters.range, ...(filters.range ? {} : { from: filters.from, to: filters.to }) }
}

/** The active filters, in the order of their chips, with the selected period last. */
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
