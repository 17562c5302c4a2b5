import type { AdminMessages } from '../../i18n/admin.en'
import type { Dictionary } from '../../i18n/en'
import { exactTime } from '../../lib/time/zone'
import { parseRecorded } from '../../model/api/recordedJson'
import type { Entry, OperationGroup } from '../../model/api/types'
import { type Field, fieldOf, type ListFilter, listFilters, wireName } from '../../model/log/filters'
import { filterLabel } from '../../model/log/filterTexts'
import type { IconName } from '../../ui/Icon'

/** The context to describe an action of the access log. */
export interface ActionContext {
  messages: AdminMessages
  common: Dictionary
  zone: string
  nameOf: (field: Field, value: string) => string
}

/** The title of an action by module and operation, with its colour and icon. */
export function describeAction(
  entry: Entry,
  messages: AdminMessages,
): { title: string; group: OperationGroup; icon: IconName } {
  const key = `${entry.module}.${entry.operation}`
  const titles: Record<string, string> = messages.access.actions
  return { title: titles[key] ?? key, ...looks(key, entry.operation) }
}

function looks(key: string, operation: string): { group: OperationGroup; icon: IconName } {
  if (/^(export\.start|\w+\.download)$/.test(key)) return { group: 'outward', icon: 'download' }
  if (operation === 'print') return { group: 'outward', icon: 'printer' }
  if (/^(remove|revoke|lose)$/.test(operation) && key !== 'archive.remove') return { group: 'destructive', icon: 'bin' }
  if (/^(create|import)$/.test(operation)) return { group: 'create', icon: 'plus' }
  const icons: Record<string, IconName> = {
    search: 'search',
    open: 'rows',
    change: 'pencil',
    sign_out: 'left',
    refuse: 'close',
  }
  return { group: 'change', icon: icons[operation] ?? 'right' }
}

/** The object and filters of an action as text: `Search: emma`, `Operation type: Delete, Send`. */
export function actionDetails(entry: Entry, context: ActionContext): string[] {
  const { messages } = context
  const object = objectOf(entry)
  const facts = object ? [object] : []
  const { id, name } = entry.content ?? {}
  const details = entry.details && parseRecorded(entry.details)
  for (const [key, value] of entry.module === 'archive' ? ofDay(details) : flat(details)) {
    const said = ['id', 'name', 'reason'].includes(key) && (value === id || value === name) // as the object
    if (!said) add(facts, key, value, context)
  }
  if (entry.truncated) return [...facts, '…'] // the rest is with the entry alone
  if (facts.length === 0 && /^log\.(search|count|follow)$/.test(`${entry.module}.${entry.operation}`))
    facts.push(messages.access.everything)
  return [...facts, ...alsoDone(entry.module, details, context)]
}

/** Other calls of the same action. */
function alsoDone(module: string, details: unknown, context: ActionContext): string[] {
  if (!isObject(details) || !Array.isArray(details.also)) return []
  const { messages, common } = context
  const titles: Record<string, string> = messages.access.actions
  return details.also.filter(isObject).map(({ operation, ...rest }) => {
    const facts: string[] = []
    for (const [key, value] of flat(rest)) add(facts, key, value, context)
    const key = `${module}.${String(operation)}`
    return messages.access.also(titles[key] ?? key, common.listJoin(facts))
  })
}

// Modules whose ids are known to people.
const named = ['account', 'key', 'tenant']

function objectOf({ module, content }: Entry): string | undefined {
  if (content?.name && content.id && content.id !== content.name && named.includes(module))
    return `${content.name} (${content.id})`
  return content?.name || content?.id
}

const first = ['q', ...listFilters.map(wireName), 'range', 'from', 'to']

/** The details, including those of filters, tenants and holds, filters first; a preset replaces its start and end. */
function flat(details: unknown): [string, unknown][] {
  if (!isObject(details)) return []
  const all = Object.entries(details).flatMap(([key, value]): [string, unknown][] =>
    (key === 'filters' || key === 'tenant' || key === 'hold') && isObject(value)
      ? Object.entries(value)
      : [[key === 'role' ? 'account_role' : key, value]],
  )
  const preset = typeof details.range === 'string' && details.range !== 'custom'
  const place = (key: string) => (first.includes(key) ? first.indexOf(key) : first.length)
  const left = (key: string) => key === 'also' || (preset && (key === 'from' || key === 'to'))
  return all.filter(([key]) => !left(key)).sort(([a], [b]) => place(a) - place(b))
}

/** What people want to know of the record of an archived day; the rest is for programs. */
function ofDay(details: unknown): [string, unknown][] {
  if (!isObject(details)) return []
  const { date, rows, shard, attempt, error } = details
  const number = typeof shard === 'number' ? shard + 1 : shard // as on the System page
  return Object.entries({ date, entries: rows, shard: number, attempt, error })
}

const filters = new Map<string, ListFilter>(listFilters.map((name) => [wireName(name), name]))

function add(facts: string[], key: string, value: unknown, context: ActionContext) {
  const { messages, common } = context
  const ofAccess = key === 'operation' && String(value).includes('.') // actions of the access log itself
  const filter = filters.get(key)
  const texts: Record<string, string> = messages.access.facts
  const label = ofAccess ? messages.access.action : filter ? filterLabel(filter, common) : (texts[key] ?? key)
  if (value === true) facts.push(label)
  const text = textOf(key, value, context)
  if (text) facts.push(messages.named(label, common.listJoin(text)))
}

/** The values of a detail; undefined if there is nothing to show. */
function textOf(key: string, value: unknown, context: ActionContext): string[] | undefined {
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return undefined
  if (Array.isArray(value)) {
    const texts = value.flatMap((one) => textOf(key, one, context) ?? [])
    return texts.length ? texts : undefined
  }
  if (typeof value === 'number') return [context.common.number(value)]
  if (key === 'filter_values' && isObject(value))
    return Object.entries(value).map((one) => numberOfValues(one, context))
  if (isObject(value) && typeof value.from === 'string' && typeof value.to === 'string')
    return [value.from === value.to ? value.from : `${value.from} – ${value.to}`]
  if (typeof value !== 'string') return [JSON.stringify(value)]
  return oneText(key, value, context)
}

function numberOfValues([name, number]: [string, unknown], { messages, common }: ActionContext): string {
  const filter = filters.get(name)
  const facts: Record<string, string> = messages.access.facts
  return `${filter ? filterLabel(filter, common) : (facts[name] ?? name)} ${common.number(Number(number))}`
}

function oneText(key: string, value: string, { messages, common, zone, nameOf }: ActionContext): string[] | undefined {
  const of = (texts: Record<string, string>) => [texts[value] ?? value]
  const filter = filters.get(key)
  if (key === 'operation' && value.includes('.')) return of(messages.access.actions)
  if (filter) return [nameOf(fieldOf(filter), value)]
  if (key === 'range') return value === 'custom' ? undefined : of(common.rangeInText)
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return [value]
  if (key === 'from' || key === 'to' || /(^|_)at$|^covers_/.test(key))
    return value.startsWith('0001-') ? undefined : [exactTime(value, zone)]
  if (key === 'account_role') return of(common.roles)
  if (key === 'scope') return of(messages.keys.scopes)
  if (key === 'reason') return of(messages.access.reasons)
  if (key === 'area') return of(messages.access.areas)
  if (key === 'second_factor' || key === 'confirmed_by') return of(messages.access.factors)
  return [value]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
