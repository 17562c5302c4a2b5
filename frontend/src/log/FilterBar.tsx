import type { ReactNode } from 'react'
import type { Preset, Summary, Tenant } from '../api/types'
import { useWords } from '../i18n/language'
import { Button } from '../theme/Button'
import { Icon } from '../theme/Icon'
import { ChoiceFilter } from './ChoiceFilter'
import type { Titles } from './catalog'
import { moduleChoices, operationChoices } from './choices'
import { activeFilters, type FilterName, type Filters, without } from './filters'
import type { Layout } from './layout'
import { PeriodPicker } from './PeriodPicker'
import { useSummary } from './queries'
import { SearchField } from './SearchField'
import './filters.css'

interface Props {
  tenant: Tenant
  filters: Filters
  summary: Summary | undefined
  titles: Titles
  layout: Layout['table']
  /** The query parameters that the server refused. */
  refused: string[]
  /** The filter whose choices are open. */
  opened: FilterName | undefined
  /** Brings back the tree when it has been put away. */
  onShowTree: (() => void) | undefined
  onOpened: (name: FilterName | undefined) => void
  onFilters: (next: Filters, how?: { replace: boolean }) => void
  onPreset: (preset: Preset) => void
  onSheet: () => void
  onJump: () => void
  onExport: () => void
  /** Stands before the export, on a phone. */
  children?: ReactNode
}

export function FilterBar(props: Props) {
  const { tenant, filters, titles, layout, refused, onFilters, onOpened } = props
  const words = useWords()
  const open = props.opened === 'operation' || props.opened === 'module' ? props.opened : undefined
  // Counts beside the choices are for the other filters: how many rows choosing one would give.
  const facets = useSummary(tenant.id, open ? without(filters, open) : filters, open !== undefined).data?.facets
  const phone = layout === 'phone'
  const folded = layout !== 'wide'
  const wrong = (name: string) => refused.some((location) => location.startsWith(`query.${name}`))

  return (
    <div className="filter-bar" role="search">
      {props.onShowTree && (
        <button
          type="button"
          className="icon-button filter-bar-tree"
          aria-label={words.showPanel}
          title={words.showPanel}
          onClick={props.onShowTree}
        >
          <Icon name="panelOpen" />
        </button>
      )}
      <SearchField
        value={filters.q}
        invalid={wrong('q')}
        onChange={(q) => onFilters({ ...filters, q }, { replace: true })}
      />
      {phone ? (
        <button type="button" className="choice-trigger" aria-haspopup="dialog" onClick={props.onSheet}>
          <Icon name="funnel" />
          {words.filters} {activeFilters(filters).length > 0 && <b>{activeFilters(filters).length}</b>}
        </button>
      ) : (
        <>
          <ChoiceFilter
            label={words.operationType}
            findLabel={words.findOperationType}
            groups={operationChoices(titles, words)}
            counts={open === 'operation' ? facets?.operation : undefined}
            selected={filters.operation}
            invalid={wrong('operation')}
            open={open === 'operation'}
            onOpen={(on) => onOpened(on ? 'operation' : undefined)}
            onChange={(operation) => onFilters({ ...filters, operation })}
          />
          <ChoiceFilter
            label={words.functionalModule}
            findLabel={words.findModule}
            groups={moduleChoices(titles)}
            counts={open === 'module' ? facets?.module : undefined}
            selected={filters.module}
            invalid={wrong('module')}
            open={open === 'module'}
            onOpen={(on) => onOpened(on ? 'module' : undefined)}
            onChange={(module) => onFilters({ ...filters, module })}
          />
        </>
      )}
      <PeriodPicker
        range={filters.range}
        from={filters.from ?? props.summary?.from}
        to={filters.to ?? props.summary?.to}
        zone={tenant.time_zone}
        folded={folded}
        open={props.opened === 'period'}
        onOpen={(on) => onOpened(on ? 'period' : undefined)}
        onPreset={props.onPreset}
        onJump={props.onJump}
        onCustom={(from, to) => onFilters({ ...filters, range: undefined, from, to })}
      />
      {props.children}
      <Button
        kind="primary"
        className="export-button"
        aria-label={words.export}
        title={layout === 'folded' ? words.export : undefined}
        onClick={props.onExport}
      >
        <Icon name="download" />
        {layout !== 'folded' && words.export}
      </Button>
    </div>
  )
}
