import { type ReactNode, useState } from 'react'
import type { Organization, Summary, Tenant } from '../api/types'
import { Dialog } from '../frame/Dialog'
import { useWords } from '../i18n/language'
import { Button } from '../theme/Button'
import { Icon } from '../theme/Icon'
import { shown } from '../theme/Shown'
import { ChoiceList } from './ChoiceFilter'
import type { Titles } from './catalog'
import { moduleChoices, operationChoices } from './choices'
import { type FilterName, type Filters, type ListFilter, toggled, without } from './filters'
import { filterLabel, type NameOf } from './filterWords'
import { filterValues, shortList } from './names'
import { OrganizationTree } from './OrganizationTree'
import { useSummary } from './queries'
import { UserChoices } from './UserChoices'
import './sheet.css'

interface Props {
  tenant: Tenant
  filters: Filters
  summary: Summary | undefined
  titles: Titles
  organizations: Organization[] | undefined
  nameOf: NameOf
  /** The filter that is open at first, when the text of its chip was pressed. */
  at: FilterName | undefined
  onFilters: (next: Filters) => void
  onClose: () => void
}

/** All filters of a phone in one place, the organizations too: each says what it is set to, and opens to change it. */
export function FilterSheet(props: Props) {
  const { tenant, filters, summary, titles, organizations, nameOf, at, onFilters, onClose } = props
  const words = useWords()
  const [open, setOpen] = useState<ReadonlySet<FilterName>>(new Set(at && [at]))
  const isOpen = (name: FilterName) => open.has(name)

  const operationCounts = useSummary(tenant.id, without(filters, 'operation'), isOpen('operation')).data?.facets
  const moduleCounts = useSummary(tenant.id, without(filters, 'module'), isOpen('module')).data?.facets
  const users = useSummary(tenant.id, without(filters, 'user'), isOpen('user')).data?.facets
  const own = useSummary(tenant.id, without(filters, 'organization'), isOpen('organization')).data?.facets

  const part = (name: ListFilter, content: ReactNode) => (
    <details
      open={isOpen(name)}
      onToggle={(event) => {
        const next = new Set(open)
        if (event.currentTarget.open) next.add(name)
        else next.delete(name)
        if (next.size !== open.size) setOpen(next)
      }}
    >
      <summary>
        <h3>{filterLabel(name, words)}</h3>
        <span className={filters[name].length > 0 ? 'cut filter-set' : 'cut'}>
          {shown(
            filters[name].length > 0
              ? shortList(filterValues(filters, name, nameOf), words.more, words.listJoin)
              : words.all,
          )}
        </span>
        <Icon name="down" />
      </summary>
      {isOpen(name) && content}
    </details>
  )
  return (
    <Dialog title={words.filters} className="filter-sheet" onClose={onClose}>
      {part(
        'operation',
        <ChoiceList
          label={words.operationType}
          findLabel={words.findOperationType}
          groups={operationChoices(titles, words)}
          counts={operationCounts?.operation}
          selected={filters.operation}
          onChange={(operation) => onFilters({ ...filters, operation })}
        />,
      )}
      {part(
        'module',
        <ChoiceList
          label={words.functionalModule}
          findLabel={words.findModule}
          groups={moduleChoices(titles)}
          counts={moduleCounts?.module}
          selected={filters.module}
          onChange={(module) => onFilters({ ...filters, module })}
        />,
      )}
      {part('user', <UserChoices users={users?.user} filters={filters} nameOf={nameOf} onFilters={onFilters} />)}
      {organizations &&
        part(
          'organization',
          <OrganizationTree
            organizations={organizations}
            own={own?.organization}
            selected={filters.organization}
            onSelect={(id) => onFilters(toggled(filters, 'organization', id))}
          />,
        )}
      <div className="sheet-foot">
        <Button kind="primary" block onClick={onClose}>
          {summary ? words.operationsTotal(summary.total) : words.done}
        </Button>
      </div>
    </Dialog>
  )
}
