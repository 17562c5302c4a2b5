import { useCallback, useMemo, useState } from 'react'
import type { Dictionary } from '../../i18n/en'
import { useMessages } from '../../i18n/language'
import type { Entry, Organization, Summary } from '../api/types'
import type { Titles } from './catalog'
import { type Field, type Filters, fieldOf, type ListFilter } from './filters'

/** Names of users and organizations by id. */
export interface Names {
  user: ReadonlyMap<string, string>
  organization: ReadonlyMap<string, string>
}

const noNames: Names = { user: new Map(), organization: new Map() }

/** Names by id, each with its id if several ids have the name. */
export function withIds(names: Iterable<[id: string, name: string]>): Map<string, string> {
  const all = [...names]
  const counts = new Map<string, number>()
  for (const [, name] of all) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map(all.map(([id, name]) => [id, (counts.get(name) ?? 0) > 1 && name !== id ? `${name} (${id})` : name]))
}

/** The names of filter values. Names are kept even if no row shows them any more. */
export function useNames(
  entries: Entry[],
  summary: Summary | undefined,
  organizations: Organization[] | undefined,
  titles: Titles,
  keys?: ReadonlyMap<string, string>,
): (field: Field, value: string) => string {
  const messages = useMessages()
  const [seen, setSeen] = useState(noNames)
  const names = useMemo(() => withNames(seen, entries, summary, organizations), [seen, entries, summary, organizations])
  if (names !== seen) setSeen(names)
  const shown = useMemo(() => ({ user: withIds(names.user), organization: withIds(names.organization) }), [names])
  return useCallback(
    (field, value) => {
      if (field === 'user') return shown.user.get(value) ?? value
      if (field === 'organization') return shown.organization.get(value) ?? value
      if (field === 'module') return titles.module(value)
      if (field === 'operation') return titles.operation(value)
      if (field === 'outcome') return outcomeTitle(value, messages)
      if (field === 'key') return keys?.get(value) ?? value
      return value
    },
    [shown, titles, messages, keys],
  )
}

/** Adds the names of a response; returns the same object if there are no new ones. */
export function withNames(
  seen: Names,
  entries: Entry[],
  summary: Summary | undefined,
  organizations: Organization[] | undefined,
): Names {
  const user = new Map<string, string>()
  const organization = new Map<string, string>()
  // A row has the name at its time: it is used only if there is no other.
  for (const entry of entries) {
    if (!seen.user.has(entry.user.id) && !user.has(entry.user.id)) user.set(entry.user.id, entry.user.name)
    const { id, name } = entry.organization ?? {}
    if (id && name && !seen.organization.has(id) && !organization.has(id)) organization.set(id, name)
  }
  for (const { value, name } of summary?.facets.user ?? []) if (name) user.set(value, name)
  for (const { id, name } of organizations ?? []) organization.set(id, name)
  const isNew = (some: Map<string, string>, known: ReadonlyMap<string, string>) =>
    [...some].some(([id, name]) => known.get(id) !== name)
  if (!isNew(user, seen.user) && !isNew(organization, seen.organization)) return seen
  return {
    user: new Map([...seen.user, ...user]),
    organization: new Map([...seen.organization, ...organization]),
  }
}

export function outcomeTitle(value: string, messages: Dictionary): string {
  return { success: messages.success, failure: messages.failure }[value] ?? value
}

/** The text of a filter's chip: `Delete, Send +2`. */
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
