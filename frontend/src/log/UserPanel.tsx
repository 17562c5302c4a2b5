import { Floating } from '../frame/Floating'
import { useWords } from '../i18n/language'
import { type Filters, without } from './filters'
import type { NameOf } from './filterWords'
import { useSummary } from './queries'
import { UserChoices } from './UserChoices'

interface Props {
  tenant: string
  filters: Filters
  nameOf: NameOf
  onFilters: (next: Filters) => void
  onClose: () => void
}

/** The users to choose from, under the chip of the user. */
export function UserPanel({ tenant, filters, nameOf, onFilters, onClose }: Props) {
  const words = useWords()
  const users = useSummary(tenant, without(filters, 'user')).data?.facets.user
  return (
    <Floating label={words.user} onClose={onClose}>
      <UserChoices users={users} filters={filters} nameOf={nameOf} onFilters={onFilters} />
    </Floating>
  )
}
