import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import type { Filters } from '../../model/log/filters'
import { Button } from '../../ui/Button'
import type { ActiveFilter } from './activeFilterTexts'
import { withoutFilter } from './useAccessFilters'
import '../../ui/chips.css'
import '../../ui/empty.css'

interface Props {
  filters: Filters
  active: ActiveFilter[]
  onFilters: (next: Filters) => void
}

/** Shown when no entry matches: lists the filters, each with a button that removes it. */
export function AccessEmpty({ filters, active, onFilters }: Props) {
  const common = useMessages()
  const messages = useAdminMessages().access
  const { range } = filters
  if (active.length === 0 && !range) return <p className="list-empty">{messages.none}</p>
  const title = active.every(({ name }) => name === 'period')
    ? messages.noneInPeriod
    : active.length === 1
      ? messages.noMatchOne
      : messages.noMatch(active.length)
  const ways = active.map((one) => ({ ...one, way: common.remove, next: withoutFilter(filters, one.name) }))
  if (range)
    ways.push({
      name: 'period',
      label: messages.time,
      text: common.rangeInText[range],
      way: messages.allTime,
      next: { ...filters, range: undefined },
    })
  return (
    <div className="empty" role="status">
      <h2>{title}</h2>
      <ul>
        {ways.map(({ name, label, text, way, next }) => (
          <li key={way + name}>
            <span className="chip-label">{common.chip(label)}</span>
            <span className="cut grow">{text}</span>
            <Button size="small" onClick={() => onFilters(next)}>
              {way}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  )
}
