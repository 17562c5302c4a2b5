import { type ReactNode, useRef, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import type { Step } from '../../lib/steps'
import { type FilterName, type Filters, isExclusion, noFilters } from '../../model/log/filters'
import { PeriodPicker } from '../../model/period/PeriodPicker'
import { type Chip, Chips } from '../../ui/Chips'
import { ChoiceFilter } from '../../ui/ChoiceFilter'
import { type ChoiceGroup, ChoiceList } from '../../ui/ChoiceList'
import { Floating } from '../../ui/Floating'
import { useViewportWidth } from '../../ui/hooks/useViewportWidth'
import { SearchField } from '../../ui/SearchField'
import { withoutFilter } from './useAccessFilters'

interface Props {
  filters: Filters
  /** The filters that are on, as chips say them. */
  active: { name: FilterName; label: string; text: string }[]
  zone: string
  actors: ChoiceGroup[]
  actions: ChoiceGroup[]
  /** The query parameters that the server refused. */
  refused: string[]
  onFilters: (next: Filters, how?: Step) => void
  onCopyLink: () => void
  /** Placed before the link. */
  children: ReactNode
}

/** The filters of the access log: search, actor, action and period, with a chip for each active one. */
export function AccessFilters(props: Props) {
  const { filters, active, zone, actors, actions, refused, onFilters, onCopyLink } = props
  const common = useMessages()
  const messages = useAdminMessages()
  const viewport = useViewportWidth()
  const [opened, setOpened] = useState<FilterName>()
  const search = useRef<HTMLInputElement>(null)
  const phone = viewport < 768
  const wrong = (name: string) => refused.includes(`query.${name}`)
  const turn = (name: FilterName) => (open: boolean) => setOpened(open ? name : undefined)

  const chips = active.map(({ name, label, text }): Chip<FilterName> => {
    const chip = { name, excluded: isExclusion(name), label, text }
    if (name === 'q') return { ...chip, onOpen: () => search.current?.focus() }
    const opens = name === 'user' || name === 'operation' || name === 'period'
    return { ...chip, onOpen: opens ? () => setOpened(name) : undefined }
  })

  const choices = [
    { name: 'user', label: messages.access.user, findLabel: common.findUser, groups: actors },
    { name: 'operation', label: messages.access.action, findLabel: messages.access.findAction, groups: actions },
  ] as const

  return (
    <div className={phone ? 'access-filters main-phone' : 'access-filters'}>
      <search className="filter-bar" aria-label={messages.access.filters}>
        <SearchField
          ref={search}
          value={filters.q}
          hint={messages.access.searchHint}
          invalid={wrong('q')}
          onChange={(q, goesOn) => onFilters({ ...filters, q }, { replace: true, goesOn })}
        />
        {choices.map(({ name, label, findLabel, groups }) => (
          <ChoiceFilter
            key={name}
            label={label}
            chosen={filters[name].length}
            invalid={wrong(name)}
            open={opened === name}
            onOpen={turn(name)}
          >
            <Floating label={label} onClose={() => setOpened(undefined)}>
              <ChoiceList
                label={label}
                findLabel={findLabel}
                groups={groups}
                counts={undefined}
                selected={filters[name]}
                onChange={(selected) => onFilters({ ...filters, [name]: selected })}
              />
            </Floating>
          </ChoiceFilter>
        ))}
        <PeriodPicker
          range={filters.range}
          from={filters.from}
          to={filters.to}
          zone={zone}
          folded={viewport < 1280}
          open={opened === 'period'}
          onOpen={turn('period')}
          onPreset={(range) => onFilters({ ...filters, range, from: undefined, to: undefined })}
          onCustom={(from, to) => onFilters({ ...filters, range: undefined, from, to })}
          any={{
            label: messages.access.allTime,
            onChoose: () => onFilters({ ...filters, range: undefined, from: undefined, to: undefined }),
          }}
        />
      </search>
      <Chips
        chips={chips}
        onRemove={(name) => onFilters(withoutFilter(filters, name))}
        onNoneLeft={() => search.current?.focus()}
        onClear={() => onFilters({ ...noFilters, range: filters.range })}
        onCopyLink={onCopyLink}
      >
        {props.children}
      </Chips>
    </div>
  )
}
