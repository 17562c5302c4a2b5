import type { ReactNode, Ref } from 'react'
import { useMessages } from '../../i18n/language'
import type { Step } from '../../lib/steps'
import type { Preset, Summary, Tenant } from '../../model/api/types'
import { activeFilters, exclusionOf, type Field, type Filters, wireName } from '../../model/log/filters'
import { fieldLabel } from '../../model/log/filterTexts'
import type { Layout } from '../../model/log/layout'
import { PeriodPicker } from '../../model/period/PeriodPicker'
import { Button } from '../../ui/Button'
import { ChoiceFilter } from '../../ui/ChoiceFilter'
import { preloadable } from '../../ui/hooks/preload'
import { Icon } from '../../ui/Icon'
import { IconButton } from '../../ui/IconButton'
import { SearchField } from '../../ui/SearchField'
import type { ChoiceContext, ChoiceField } from './FieldChoices'
import '../../ui/filters.css'

const FilterPanel = preloadable(() => import('./FilterPanel'))

/** The open panel below the bar: choices of a field, further filters, or the dates of a period. */
export type Opened = Field | 'more' | 'period'

interface Props extends Omit<ChoiceContext, 'tenant' | 'onFilters'> {
  tenant: Tenant
  summary: Summary | undefined
  layout: Layout
  /** The query parameters that the server refused. */
  refused: string[]
  search: Ref<HTMLInputElement>
  opened: Opened | undefined
  /** Shows the collapsed tree again. */
  onShowTree: (() => void) | undefined
  onOpened: (opened: Opened | undefined) => void
  onFilters: (next: Filters, how?: Step) => void
  onPreset: (preset: Preset) => void
  onDialog: (is: 'filters' | 'jump' | 'export') => void
  /** Placed before the export button, on a phone. */
  children?: ReactNode
}

export function FilterBar(props: Props) {
  const { tenant, filters, opened, onFilters, onOpened, onDialog } = props
  const messages = useMessages()
  const layout = props.layout.table
  return (
    <search className="filter-bar">
      {props.onShowTree && (
        <IconButton
          className="icon-button filter-bar-tree"
          label={messages.showPanel}
          icon="panelOpen"
          onClick={props.onShowTree}
        />
      )}
      <SearchField
        ref={props.search}
        value={filters.q}
        invalid={isRefused(props.refused, 'q')}
        onChange={(q, goesOn) => onFilters({ ...filters, q }, { replace: true, goesOn })}
      />
      {layout === 'phone' ? (
        <button type="button" className="choice-trigger" aria-haspopup="dialog" onClick={() => onDialog('filters')}>
          <Icon name="funnel" />
          {messages.filters} {activeFilters(filters).length > 0 && <b>{activeFilters(filters).length}</b>}
        </button>
      ) : (
        <FieldFilters {...props} />
      )}
      <PeriodPicker
        range={filters.range}
        from={filters.from ?? props.summary?.from}
        to={filters.to ?? props.summary?.to}
        zone={tenant.time_zone}
        folded={layout !== 'wide'}
        open={opened === 'period'}
        onOpen={(on) => onOpened(on ? 'period' : undefined)}
        onPreset={props.onPreset}
        onJump={() => onDialog('jump')}
        onCustom={(from, to) => onFilters({ ...filters, range: undefined, from, to })}
      />
      {props.children}
      <Button
        kind="primary"
        className="export-button"
        aria-label={messages.export}
        title={layout === 'folded' ? messages.export : undefined}
        onClick={() => onDialog('export')}
      >
        <Icon name="download" />
        {layout !== 'folded' && messages.export}
      </Button>
    </search>
  )
}

/** Whether the server refused a query parameter, or one of its values. */
function isRefused(refused: string[], name: string): boolean {
  return refused.some((location) => location.split('[')[0] === `query.${name}`)
}

/** The fields with a button of their own, and one button for the others. */
function FieldFilters({ tenant, filters, titles, nameOf, layout, refused, opened, onFilters, onOpened }: Props) {
  const messages = useMessages()
  const wrong = (field: Field) => [field, exclusionOf(field)].some((name) => isRefused(refused, wireName(name)))
  const panel = { tenant: tenant.id, filters, titles, nameOf, onFilters, onClose: () => onOpened(undefined) }
  const own: ChoiceField[] = layout.roomy ? ['operation', 'module', 'user'] : ['operation', 'module']
  const others = (['user', 'role', 'outcome', 'ip', 'key'] as const).filter((field) => !own.includes(field))
  const other = others.find((field) => field === opened)
  const countIn = (names: (keyof Filters)[]) => names.filter((name) => filters[name]?.length).length
  return (
    <>
      {own.map((field) => (
        <ChoiceFilter
          key={field}
          label={fieldLabel(field, messages)}
          chosen={filters[field].length}
          excluded={filters[exclusionOf(field)].length}
          shrinks={field !== 'user'}
          invalid={wrong(field)}
          open={opened === field}
          onOpen={(on) => onOpened(on ? field : undefined)}
        >
          <FilterPanel label={fieldLabel(field, messages)} fields={[field]} {...panel} />
        </ChoiceFilter>
      ))}
      <ChoiceFilter
        label={messages.moreFilters}
        plain
        chosen={countIn([...others, ...others.map(exclusionOf)])}
        invalid={others.some(wrong)}
        open={opened === 'more' || other !== undefined}
        onOpen={(on) => onOpened(on ? 'more' : undefined)}
      >
        <FilterPanel label={messages.moreFilters} fields={others} at={other} {...panel} />
      </ChoiceFilter>
    </>
  )
}
