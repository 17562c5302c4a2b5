import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { AdminMessages } from '../../i18n/admin.en'
import type { Step } from '../../lib/steps'
import type { Account, ApiKey, Entry } from '../../model/api/types'
import { goOn } from '../../model/api/useActions'
import {
  activeFilters,
  type FilterName,
  type Filters,
  hasSelection,
  type Ignored,
  ignoredIn,
  type ListFilter,
  listFilters,
  readFilters,
  without,
  writeFilters,
} from '../../model/log/filters'
import type { ChoiceGroup } from '../../ui/ChoiceList'

/** Whose access log is shown. */
export type Scope = 'tenant' | 'server'

/**
 * The filters of the access log in the URL: a subset of the log's filters. An operation includes
 * its module, `account.create`. Without a period all time is shown.
 */
export function useAccessFilters(owner: boolean) {
  const [search, setSearch] = useSearchParams()
  const text = search.toString()
  const filters = useMemo(() => readAccessFilters(text), [text])
  const scope: Scope = owner && search.get('scope') === 'server' ? 'server' : 'tenant'
  const ignored = useMemo(() => ignoredByAccess(text, owner), [text, owner])

  const set = useCallback(
    (filters: Filters, scope: Scope, how?: Step) => {
      const next = writeFilters(filters)
      if (how?.goesOn) goOn(next.toString())
      if (scope === 'server') next.set('scope', scope)
      setSearch(next, { replace: how?.replace ?? false })
    },
    [setSearch],
  )
  return { filters, scope, ignored, set }
}

const accessFilters: readonly ListFilter[] = ['user', 'module', 'operation', 'contentId']

/** The log's filters that the access log supports. */
export function readAccessFilters(text: string): Filters {
  const filters = readFilters(new URLSearchParams(text))
  const rest = listFilters.filter((name) => !accessFilters.includes(name)).map((name) => [name, []])
  return { ...filters, ...Object.fromEntries(rest) }
}

/** The parameters of its URL that the access log ignores; only owners see that of the server. */
export function ignoredByAccess(text: string, owner: boolean): Ignored[] {
  const search = new URLSearchParams(text)
  const isScope = search.get('scope') === 'tenant' || (owner && search.get('scope') === 'server')
  return ignoredIn(search, isScope ? ['scope'] : [], accessFilters)
}

/** The active filters, including a custom period, which is shown nowhere else. */
export function activeIn(filters: Filters): FilterName[] {
  const custom = (filters.from !== undefined || filters.to !== undefined) && !hasSelection(filters)
  return custom ? [...activeFilters(filters), 'period'] : activeFilters(filters)
}

export function withoutFilter(filters: Filters, name: FilterName): Filters {
  return name === 'period' ? { ...filters, from: undefined, to: undefined } : without(filters, name)
}

type Kind = keyof AdminMessages['access']['kinds']

const kindOf: Record<string, Kind> = {
  log: 'reading',
  export: 'reading',
  backup: 'reading',
  access: 'reading',
  session: 'session',
  request: 'session',
  server: 'server',
}
const kinds: Kind[] = ['reading', 'session', 'changes', 'server']

/** All actions of the access log, grouped by subject. */
export function actionChoices({ access }: AdminMessages): ChoiceGroup[] {
  const actions = Object.entries(access.actions).map(([value, title]) => ({ value, title }))
  return kinds.map((kind) => ({
    title: access.kinds[kind],
    choices: actions.filter(({ value }) => (kindOf[value.split('.')[0] ?? ''] ?? 'changes') === kind),
  }))
}

/** Possible actors: accounts, API keys, and others in the rows or already chosen. */
export function actorChoices(
  accounts: Account[],
  apiKeys: ApiKey[],
  entries: Entry[],
  chosen: string[],
  { access }: AdminMessages,
): ChoiceGroup[] {
  const named = (name: string | undefined, id: string) => (name && name !== id ? `${name} (${id})` : id)
  const people = new Map(accounts.map(({ username, name }) => [username, named(name, username)]))
  const programs = new Map(apiKeys.map(({ id, name }) => [id, name]))
  const others = new Map<string, string>()
  for (const { user } of entries)
    if (!people.has(user.id) && !programs.has(user.id)) others.set(user.id, named(user.name, user.id))
  for (const id of chosen) if (!people.has(id) && !programs.has(id) && !others.has(id)) others.set(id, id)
  const group = (title: string, titles: Map<string, string>) => ({
    title,
    choices: [...titles].map(([value, title]) => ({ value, title })),
  })
  return [group(access.people, people), group(access.programs, programs), group(access.others, others)]
}
