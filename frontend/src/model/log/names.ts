import { useMemo, useRef } from 'react'
import type { Dictionary } from '../../i18n/en'
import { useWords } from '../../i18n/language'
import type { Entry, Organization, Summary } from '../api/types'
import type { Titles } from './catalog'
import { type Field, type Filters, fieldOf, type ListFilter } from './filters'

/** The names of what is filtered by. A name once seen is kept, for when no row shows it any more. */
export function useNames(
  entries: Entry[],
  summary: Summary | undefined,
  organizations: Organization[] | undefined,
  titles: Titles,
): (field: Field, value: string) => string {
  const words = useWords()
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
    return (field, value) => {
      if (field === 'user') return user.get(value) ?? value
      if (field === 'organization') return organization.get(value) ?? value
      if (field === 'module') return titles.module(value)
      if (field === 'operation') return titles.operation(value)
      if (field === 'outcome') return outcomeTitle(value, words)
      return value
    }
  }, [entries, summary, organizations, titles, words])
}

export function outcomeTitle(value: string, words: Dictionary): string {
  return { success: words.success, failure: words.failure }[value] ?? value
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

export function filterValues(filters: Filters, name: ListFilter, nameOf: (field: Field, value: string) => string) {
  return filters[name].map((value) => nameOf(fieldOf(name), value))
}
