import type { ReactNode } from 'react'
import { useMessages } from '../../i18n/language'
import type { Preset } from '../../model/api/types'
import {
  activeFilters,
  cleared,
  type FilterName,
  hasChoices,
  hasSelection,
  isExclusion,
  without,
} from '../../model/log/filters'
import { filterLabel, filterText } from '../../model/log/filterTexts'
import type { LogPart } from '../../model/log/useLog'
import { type Chip, Chips } from '../../ui/Chips'
import { useCopy } from '../../ui/useCopy'
import { FilterBar } from './FilterBar'
import type { Opening } from './useOpening'

interface Props extends LogPart {
  opening: Opening
  /** Shows the collapsed tree again. */
  onShowTree: (() => void) | undefined
  onDialog: (is: 'filters' | 'jump' | 'export') => void
  /** The saved views: in the bar on a phone, otherwise in the line of chips. */
  views: ReactNode
}

/** The filter bar, and the line with a chip for each active filter. */
export function LogFilters(props: Props) {
  const { tenant, filters, onFilters, log, layout, opening, views } = props
  const messages = useMessages()
  const copy = useCopy()
  const phone = layout.table === 'phone'

  function choosePreset(preset: Preset) {
    // Presets move with the clock: choosing the active one again refreshes the log.
    if (filters.range === preset && !hasSelection(filters)) log.refresh()
    else onFilters({ ...filters, range: preset, from: undefined, to: undefined })
  }

  const chips: Chip<FilterName>[] = activeFilters(filters).map((name) => ({
    name,
    excluded: isExclusion(name),
    label: filterLabel(name, messages),
    text: filterText(name, filters, log.nameOf, log.summary, tenant.time_zone, messages),
    onOpen: hasChoices(name) ? () => opening.open(name) : undefined,
  }))

  return (
    <>
      <FilterBar
        tenant={tenant}
        filters={filters}
        summary={log.summary}
        titles={log.titles}
        nameOf={log.nameOf}
        layout={layout}
        refused={log.refused ?? []}
        search={opening.search}
        opened={opening.opened}
        onOpened={opening.setOpened}
        onShowTree={props.onShowTree}
        onFilters={onFilters}
        onPreset={choosePreset}
        onDialog={props.onDialog}
      >
        {phone && views}
      </FilterBar>
      <Chips
        chips={chips}
        onRemove={(name) => onFilters(without(filters, name))}
        onNoneLeft={() => opening.search.current?.focus()}
        onClear={() => onFilters(cleared(filters))}
        onCopyLink={() => copy(window.location.href, messages.linkCopied)}
      >
        {!phone && views}
      </Chips>
    </>
  )
}
