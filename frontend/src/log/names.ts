import { useMemo, useRef } from 'react'
import type { Entry, Organization, Summary } from '../api/types'
import type { Titles } from './catalog'
import type { Filters, ListFilter } from './filters'

/** The names of what is filtered by. A name once seen is kept, for when no row shows it any more. */
export function useNames(
  entries: Entry[],
  summary: Summary | undefined,
  organizations: Organization[] | undefined,
  titles: Titles,
): (name: ListFilter, value: string) => string {
  const seen = useRef({ user: new Map<string, string>(), organization: new Map<string, string>() })
  return useMemo(() => {
    const { user, organization } = seen.current
    for (const entry of entries) {
      if (!user.has(entry.user.id)) user.set(entry.user.id, entry.user.name)
      const { id, name } = entry.organization ?? {}
      if (id && name && !organization.has(id)) organization.set(id, name)
    }
    for (const { value, name } of summary?.facets.user ?? []) if (name) user.set(value, name)
    for (const { id, name } of organizations ?? []) organization.set(id, name)
    return (name, value) => {
      if (name === 'user') return user.get(value) ?? value
      if (name === 'organization') return organization.get(value) ?? value
      if (name === 'module') return titles.module(value)
      if (name === 'operation') return titles.operation(value)
      return value
    }
  }, [entries, summary, organizations, titles])
}

/** The words of one filter for its chip: `Delete, Send +2`. */
export function shortList(
  values: string[],
  more: (count: number) => string,
  join: (items: string[]) => string,
): string {
  const shown = join(values.slice(0, 2))
  return values.length > 2 ? `${shown} ${more(values.length - 2)}` : shown
}

export function filterValues(filters: Filters, name: ListFilter, nameOf: (name: ListFilter, value: string) => string) {
  return filters[name].map((value) => nameOf(name, value))
}
