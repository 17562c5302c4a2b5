import { useEffect, useState } from 'react'
import { useChoicesMessages } from '../../i18n/choicesMessages'
import type { FacetValue, Summary } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { exclusionOf, type Field, type Filters, withoutField, withValues } from '../../model/log/filters'
import { fieldLabel, type NameOf } from '../../model/log/filterTexts'
import { withIds } from '../../model/log/names'
import { useSummary } from '../../model/log/queries'
import { type ChoiceGroup, ChoiceList } from '../../ui/ChoiceList'
import { AddressChoices } from './AddressChoices'
import { moduleChoices, operationChoices } from './choices'
import { KeyChoices } from './KeyChoices'

/** The fields whose values are listed or typed: all but the organization, which has its tree, and the content. */
export type ChoiceField = Exclude<Field, 'organization' | 'contentId'>

/** The props of all choices. */
export interface ChoiceContext {
  tenant: string
  filters: Filters
  titles: Titles
  nameOf: NameOf
  onFilters: (next: Filters) => void
}

/** The values of a field to choose from or to exclude. */
export function FieldChoices({ field, ...context }: ChoiceContext & { field: ChoiceField }) {
  if (field === 'ip') return <AddressChoices {...context} />
  if (field === 'key') return <KeyChoices {...context} />
  return <ListChoices field={field} {...context} />
}

function ListChoices(props: ChoiceContext & { field: Exclude<ChoiceField, 'ip' | 'key'> }) {
  const { field, tenant, filters, titles, nameOf, onFilters } = props
  const messages = useChoicesMessages()
  // Counts apply the other filters only: the number of rows that choosing a value would give.
  const outside = withoutField(filters, field)
  const { data } = useSummary(tenant, outside)
  const listed = data?.archive ? undefined : data?.facets[field]
  // Users beyond those listed are found by the server, other values by typing them whole.
  const more = moreOf(data, field)
  const [find, setFind] = useState('')
  const typed = usePause(find.trim())
  const byServer = field === 'user' && more > 0 && /[\p{L}\p{N}]/u.test(typed)
  const search = `${outside.q} user:"${typed.replaceAll('"', ' ')}"`.trim()
  const searched = useSummary(tenant, byServer ? { ...outside, q: search } : outside, { enabled: byServer })
  const searching = find.trim() !== typed || (byServer && (searched.isPlaceholderData || searched.isPending))
  const further = byServer && !searching ? searched.data?.facets[field] : undefined
  const counts = further && listed ? [...further, ...listed] : listed
  const [chosen, excluded] = [filters[field], filters[exclusionOf(field)]]

  /** The values with the most operations, after chosen and excluded ones that are not among them. */
  function found(facet: FacetValue[] | undefined): ChoiceGroup[] {
    const names = new Map(facet?.map(({ value, name }) => [value, name || nameOf(field, value)]))
    const whole = field !== 'user' && more > 0 && find.trim() !== '' ? [find.trim()] : []
    const others = [...new Set([...chosen, ...excluded, ...whole])].filter((value) => !names.has(value))
    const titles = withIds([...others.map((value) => [value, nameOf(field, value)] as [string, string]), ...names])
    const bySearch = new Set(further?.map(({ value }) => value))
    return [{ choices: [...titles].map(([value, title]) => ({ value, title, found: bySearch.has(value) })) }]
  }

  const moreText = more > 0 ? (field === 'user' ? messages.moreUsers : messages.moreValues)(more) : undefined
  const groups = {
    operation: () => operationChoices(titles, messages),
    module: () => moduleChoices(titles),
    user: () => found(further ? unique([...(data?.facets.user ?? []), ...further]) : data?.facets.user),
    role: () => found(data?.facets.role),
    outcome: () => [{ choices: ['success', 'failure'].map((value) => ({ value, title: nameOf('outcome', value) })) }],
  }[field]()
  return (
    <ChoiceList
      label={fieldLabel(field, messages)}
      findLabel={findLabel(field, messages)}
      groups={groups}
      counts={counts}
      pending={data === undefined || searching}
      note={data?.archive ? messages.countsAway : moreText}
      onFind={setFind}
      selected={chosen}
      excluded={excluded}
      onChange={(selected, excluded) => onFilters(withValues(filters, field, selected, excluded))}
    />
  )
}

/** How many values of a field the summary does not list. */
function moreOf(summary: Summary | undefined, field: ChoiceField): number {
  const more: Partial<Record<ChoiceField, number>> = summary?.facets.more ?? {}
  return more[field] ?? 0
}

function unique(values: FacetValue[]): FacetValue[] {
  return [...new Map(values.map((one) => [one.value, one])).values()]
}

/** A text once it has not changed for a moment: a search for each letter would be too many. */
function usePause(text: string): string {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), 250)
    return () => clearTimeout(timer)
  }, [text])
  return paused
}

function findLabel(field: ChoiceField, messages: ReturnType<typeof useChoicesMessages>): string | undefined {
  const labels: Partial<Record<ChoiceField, string>> = {
    operation: messages.findOperationType,
    module: messages.findModule,
    user: messages.findUser,
    role: messages.findRole,
  }
  return labels[field]
}
