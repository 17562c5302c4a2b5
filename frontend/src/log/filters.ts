import type { Preset, WireFilters } from '../api/types'

/** What the log is narrowed to. The address is the only place it is kept, so every view can be shared. */
export interface Filters {
  q: string
  user: string[]
  module: string[]
  operation: string[]
  organization: string[]
  contentId: string[]
  range?: Preset
  from?: string
  to?: string
}

export type ListFilter = 'user' | 'module' | 'operation' | 'organization' | 'contentId'
export type FilterName = 'q' | ListFilter | 'period'

export const presets: readonly Preset[] = ['today', 'last_7_days', 'last_30_days', 'last_90_days']
export const defaultPreset: Preset = 'last_7_days'
export const listFilters: readonly ListFilter[] = ['user', 'module', 'operation', 'organization', 'contentId']

const wireName: Record<ListFilter, string> = {
  user: 'user',
  module: 'module',
  operation: 'operation',
  organization: 'organization',
  contentId: 'content_id',
}

export const noFilters: Filters = { q: '', user: [], module: [], operation: [], organization: [], contentId: [] }

function instant(value: string | null): string | undefined {
  return value && !Number.isNaN(Date.parse(value)) ? value : undefined
}

export function readFilters(search: URLSearchParams): Filters {
  const range = search.get('range')
  const list = (name: ListFilter) => [...new Set(search.getAll(wireName[name]).filter((value) => value !== ''))]
  return {
    q: search.get('q') ?? '',
    user: list('user'),
    module: list('module'),
    operation: list('operation'),
    organization: list('organization'),
    contentId: list('contentId'),
    range: presets.find((preset) => preset === range),
    from: instant(search.get('from')),
    to: instant(search.get('to')),
  }
}

/** The same names serve the address of the page and the query of the API. */
export function writeFilters(filters: Filters): URLSearchParams {
  const search = new URLSearchParams()
  if (filters.q.trim() !== '') search.set('q', filters.q)
  for (const name of listFilters) for (const value of filters[name]) search.append(wireName[name], value)
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

/** Whether the period ends now: a preset of which no end has been cut off. */
export function endsNow(filters: Filters): boolean {
  return filters.to === undefined
}

/** Whether new entries can come into the period: it ends now, or later, as a day does that is not over. */
export function goesOn(filters: Filters, now: number): boolean {
  return endsNow(filters) || (filters.to !== undefined && Date.parse(filters.to) > now)
}

/** A selection inside the period of a preset: the frame stays, the selection narrows it. */
export function hasSelection(filters: Filters): boolean {
  return filters.range !== undefined && (filters.from !== undefined || filters.to !== undefined)
}

export function withoutSelection(filters: Filters): Filters {
  return hasSelection(filters) ? { ...filters, from: undefined, to: undefined } : filters
}

export function without(filters: Filters, name: FilterName): Filters {
  if (name === 'q') return { ...filters, q: '' }
  if (name === 'period') return withoutSelection(filters)
  return { ...filters, [name]: [] }
}

export function toggled(filters: Filters, name: ListFilter, value: string): Filters {
  const values = filters[name]
  const next = values.includes(value) ? values.filter((one) => one !== value) : [...values, value]
  // An organization stands for all below it, so one is chosen at a time.
  if (name === 'organization') return { ...filters, organization: values.includes(value) ? [] : [value] }
  return { ...filters, [name]: next }
}

/** All filters off; the period is not one of them. */
export function cleared(filters: Filters): Filters {
  return { ...noFilters, range: filters.range, ...(filters.range ? {} : { from: filters.from, to: filters.to }) }
}

/** The filters that are on, in the order of their chips, the period's selection last. */
export function activeFilters(filters: Filters): FilterName[] {
  const order: FilterName[] = ['q', 'user', 'operation', 'module', 'organization', 'contentId']
  const on = order.filter((name) => (name === 'q' ? filters.q.trim() !== '' : filters[name as ListFilter].length > 0))
  return hasSelection(filters) ? [...on, 'period'] : on
}

export function wireFilters(filters: Filters): WireFilters {
  const wire: WireFilters = {}
  if (filters.q.trim() !== '') wire.q = filters.q
  if (filters.user.length) wire.user = filters.user
  if (filters.module.length) wire.module = filters.module
  if (filters.operation.length) wire.operation = filters.operation
  if (filters.organization.length) wire.organization = filters.organization
  if (filters.contentId.length) wire.content_id = filters.contentId
  return wire
}
