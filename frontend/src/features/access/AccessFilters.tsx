import { type ReactNode, useRef, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useChoicesMessages } from '../../i18n/choicesMessages'
import type { Step } from '../../lib/steps'
import { type FilterName, type Filters, isExclusion, noFilters } from '../../model/log/filters'
import { PeriodPicker } from '../../model/period/PeriodPicker'
import { type Chip, Chips } from '../../ui/Chips'
import { ChoiceFilter } from '../../ui/ChoiceFilter'
import { ChoiceList } from '../../ui/ChoiceList'
import { Floating } from '../../ui/Floating'
import { useViewportWidth } from '../../ui/hooks/useViewportWidth'
import { SearchField } from '../../ui/SearchField'
import type { ActiveFilter } from './activeFilterTexts'
import type { AccessChoices } from './useAccessChoices'
import { withoutFilter } from './useAccessFilters'

interface Props {
  filters: Filters
  active: ActiveFilter[]
  zone: string
  choices: AccessChoices
  /** The query parameters that the server refused. */
  refused: string[]
  onFilters: (next: Filters, how?: Step) => void
  onCopyLink: () => void
  /** Placed before the link. */
  children: ReactNode
}

/** The filters of the access log: search, actor, action and period, with a chip for each active one. */
export function AccessFilters(props: Props) {
  const { filters, active, zone, choices, refused, onFilters, onCopyLink } = props
  const messages = useAdminMessages()
  const viewport = useViewportWidth()
  const [opened, setOpened] = useState<FilterName>()
  const search = useRef<HTMLInputElement>(null)
  const phone = viewport < 768
  const wrong = (name: string) => refused.includes(`query.${name}`)
  const turn = (name: FilterName) => (open: boolean) => setOpened(open ? name : undefined)

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
        {(['user', 'operation'] as const).map((name) => (
          <AccessChoiceFilter
            key={name}
            name={name}
            filters={filters}
            choices={choices}
            onFilters={onFilters}
            invalid={wrong(name)}
            open={opened === name}
            onOpen={turn(name)}
          />
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
        chips={chipsOf(active, (name) => (name === 'q' ? search.current?.focus() : setOpened(name)))}
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

/** The chips of active filters; those that can be changed here open. */
function chipsOf(active: ActiveFilter[], onOpen: (name: FilterName) => void): Chip<FilterName>[] {
  return active.map(({ name, label, text }) => {
    const opens = name === 'q' || name === 'user' || name === 'operation' || name === 'period'
    return { name, excluded: isExclusion(name), label, text, onOpen: opens ? () => onOpen(name) : undefined }
  })
}

interface ChoiceProps extends Pick<Props, 'filters' | 'choices' | 'onFilters'> {
  name: 'user' | 'operation'
  invalid: boolean
  open: boolean
  onOpen: (open: boolean) => void
}

/** A filter by actor or action, with its choices. */
function AccessChoiceFilter({ name, filters, choices, invalid, open, onOpen, onFilters }: ChoiceProps) {
  const { findUser } = useChoicesMessages()
  const { access } = useAdminMessages()
  const { label, findLabel, groups } = {
    user: { label: access.user, findLabel: findUser, groups: choices.actors },
    operation: { label: access.action, findLabel: access.findAction, groups: choices.actions },
  }[name]
  return (
    <ChoiceFilter label={label} chosen={filters[name].length} invalid={invalid} open={open} onOpen={onOpen}>
      <Floating label={label} onClose={() => onOpen(false)}>
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
  )
}
