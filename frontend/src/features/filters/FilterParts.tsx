import { type ReactNode, useState } from 'react'
import { useMessages } from '../../i18n/language'
import { exclusionOf, type Field, type Filters } from '../../model/log/filters'
import { fieldLabel, type NameOf } from '../../model/log/filterTexts'
import { filterValues, shortList } from '../../model/log/names'
import { Icon } from '../../ui/Icon'
import { shown } from '../../ui/Shown'
import './sheet.css'

interface Props {
  parts: { field: Field; content: () => ReactNode }[]
  filters: Filters
  nameOf: NameOf
  /** The one that is open at first. */
  at: Field | undefined
}

/** Several filters below each other: each shows its values, and expands to change them. */
export function FilterParts({ parts, filters, nameOf, at }: Props) {
  const messages = useMessages()
  const [open, setOpen] = useState<ReadonlySet<Field>>(new Set(at && [at]))
  return parts.map(({ field, content }) => {
    const isOpen = open.has(field)
    const texts = [field, exclusionOf(field)].map((name) =>
      shortList(filterValues(filters, name, nameOf), messages.more, messages.listJoin),
    )
    const set = [texts[0], texts[1] && messages.notThese(texts[1])].filter(Boolean)
    return (
      <details
        key={field}
        className="filter-part"
        open={isOpen}
        onToggle={(event) => {
          const next = new Set(open)
          if (event.currentTarget.open) next.add(field)
          else next.delete(field)
          if (next.size !== open.size) setOpen(next)
        }}
      >
        <summary>
          <h3>{fieldLabel(field, messages)}</h3>
          <span className={set.length > 0 ? 'cut filter-set' : 'cut'}>
            {shown(set.length > 0 ? messages.listJoin(set as string[]) : messages.all)}
          </span>
          <Icon name="down" />
        </summary>
        {isOpen && content()}
      </details>
    )
  })
}
