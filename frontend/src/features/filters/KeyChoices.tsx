import { useChoicesMessages } from '../../i18n/choicesMessages'
import { type Filters, withValues } from '../../model/log/filters'
import { administers } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'
import { useApiKeys } from '../../model/settings/keyNames'
import { ChoiceList } from '../../ui/ChoiceList'
import '../../ui/choices.css'

interface Props {
  tenant: string
  filters: Filters
  onFilters: (next: Filters) => void
}

/** The recording keys to filter by; without permission to see keys, only those in the URL. */
export function KeyChoices({ tenant, filters, onFilters }: Props) {
  const messages = useChoicesMessages()
  const may = administers(useSession())
  const { data } = useApiKeys(tenant, may)
  const keys = (may && data?.filter((key) => key.scope === 'write')) || []
  const { key: chosen, notKey: excluded } = filters
  const others = [...chosen, ...excluded].filter((id) => !keys.some((key) => key.id === id))
  const choices = [
    ...others.map((id) => ({ value: id, title: id })),
    ...keys.map(({ id, name }) => ({ value: id, title: `${name} (${id})` })),
  ]
  if (choices.length === 0 && !may) return <p className="choices-note">{messages.keysOfEntries}</p>
  return (
    <ChoiceList
      label={messages.apiKey}
      groups={[{ choices }]}
      counts={undefined}
      selected={chosen}
      excluded={excluded}
      onChange={(selected, excluded) => onFilters(withValues(filters, 'key', selected, excluded))}
    />
  )
}
