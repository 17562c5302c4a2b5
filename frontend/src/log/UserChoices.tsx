import type { FacetValue } from '../api/types'
import { useWords } from '../i18n/language'
import { ChoiceList } from './ChoiceFilter'
import type { Filters } from './filters'
import type { NameOf } from './filterWords'

interface Props {
  /** Those with the most operations, for all filters but the user. */
  users: FacetValue[] | undefined
  filters: Filters
  nameOf: NameOf
  onFilters: (next: Filters) => void
}

/** The users to filter by: those who did most, and whoever is already chosen. */
export function UserChoices({ users, filters, nameOf, onFilters }: Props) {
  const words = useWords()
  const names = new Map(users?.map(({ value, name }) => [value, name]))
  const others = filters.user.filter((value) => !names.has(value))
  const choices = [...others, ...names.keys()].map((value) => ({
    value,
    title: names.get(value) || nameOf('user', value),
  }))
  return (
    <ChoiceList
      label={words.user}
      findLabel={words.findUser}
      groups={[{ choices }]}
      counts={users}
      selected={filters.user}
      onChange={(user) => onFilters({ ...filters, user })}
    />
  )
}
