import type { Dictionary } from '../../i18n/en'
import { useWords } from '../../i18n/language'
import type { FacetValue } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { exclusionOf, type Field, type Filters, withoutField, withValues } from '../../model/log/filters'
import { fieldLabel, type NameOf } from '../../model/log/filterTexts'
import { withIds } from '../../model/log/names'
import { useSummary } from '../../model/log/queries'
import { type ChoiceGroup, ChoiceList } from '../../ui/ChoiceList'
import { AddressChoices } from './AddressChoices'
import { moduleChoices, operationChoices } from './choices'
import { KeyChoices } from './KeyChoices'

/** The fields whose values stand in a list, or are typed: all but the organization, which has its tree, and the content. */
export type ChoiceField = Exclude<Field, 'organization' | 'contentId'>

/** What the choices of every field need. */
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
  const words = useWords()
  // Counts beside the choices are for the other filters: how many rows choosing one would give.
  const { data } = useSummary(tenant, withoutField(filters, field))
  const counts = data?.facets[field]
  const [chosen, excluded] = [filters[field], filters[exclusionOf(field)]]

  /** Those with the most operations, after what is already chosen or excluded and not among them. */
  function found(facet: FacetValue[] | undefined): ChoiceGroup[] {
    const names = new Map(facet?.map(({ value, name }) => [value, name || nameOf(field, value)]))
    const others = [...chosen, ...excluded].filter((value) => !names.has(value))
    const titles = withIds([...others.map((value) => [value, nameOf(field, value)] as [string, string]), ...names])
    return [{ choices: [...titles].map(([value, title]) => ({ value, title })) }]
  }

  const groups = {
    operation: () => operationChoices(titles, words),
    module: () => moduleChoices(titles),
    user: () => found(data?.facets.user),
    role: () => found(data?.facets.role),
    outcome: () => [{ choices: ['success', 'failure'].map((value) => ({ value, title: nameOf('outcome', value) })) }],
  }[field]()
  return (
    <ChoiceList
      label={fieldLabel(field, words)}
      findLabel={findLabel(field, words)}
      groups={groups}
      counts={counts}
      pending={data === undefined}
      selected={chosen}
      excluded={excluded}
      onChange={(selected, excluded) => onFilters(withValues(filters, field, selected, excluded))}
    />
  )
}

function findLabel(field: ChoiceField, words: Dictionary): string | undefined {
  const labels: Partial<Record<ChoiceField, string>> = {
    operation: words.findOperationType,
    module: words.findModule,
    user: words.findUser,
    role: words.findRole,
  }
  return labels[field]
}
