import { useEffect, useRef } from 'react'
import type { Organization, Summary, Tenant } from '../api/types'
import { Dialog } from '../frame/Dialog'
import { useWords } from '../i18n/language'
import { Button } from '../theme/Button'
import { ChoiceList } from './ChoiceFilter'
import type { Titles } from './catalog'
import { moduleChoices, operationChoices } from './choices'
import { type FilterName, type Filters, toggled, without } from './filters'
import type { NameOf } from './filterWords'
import { OrganizationTree } from './OrganizationTree'
import { useSummary } from './queries'
import { UserChoices } from './UserChoices'

interface Props {
  tenant: Tenant
  filters: Filters
  summary: Summary | undefined
  titles: Titles
  organizations: Organization[] | undefined
  nameOf: NameOf
  /** The filter to begin at, when the text of its chip was pressed. */
  at: FilterName | undefined
  onFilters: (next: Filters) => void
  onClose: () => void
}

/** All filters of a phone in one place, the organizations too. */
export function FilterSheet(props: Props) {
  const { tenant, filters, summary, titles, organizations, nameOf, at, onFilters, onClose } = props
  const words = useWords()
  const begin = useRef<HTMLElement>(null)
  useEffect(() => {
    begin.current?.scrollIntoView()
  }, [])
  const part = (name: FilterName) => (name === at ? begin : undefined)
  const operationCounts = useSummary(tenant.id, without(filters, 'operation')).data?.facets.operation
  const moduleCounts = useSummary(tenant.id, without(filters, 'module')).data?.facets.module
  const users = useSummary(tenant.id, without(filters, 'user')).data?.facets.user
  const own = useSummary(tenant.id, without(filters, 'organization'), organizations !== undefined).data?.facets
  return (
    <Dialog title={words.filters} className="filter-sheet" onClose={onClose}>
      <section ref={part('operation')}>
        <h3>{words.operationType}</h3>
        <ChoiceList
          label={words.operationType}
          findLabel={words.findOperationType}
          groups={operationChoices(titles, words)}
          counts={operationCounts}
          selected={filters.operation}
          onChange={(operation) => onFilters({ ...filters, operation })}
        />
      </section>
      <section ref={part('module')}>
        <h3>{words.functionalModule}</h3>
        <ChoiceList
          label={words.functionalModule}
          findLabel={words.findModule}
          groups={moduleChoices(titles)}
          counts={moduleCounts}
          selected={filters.module}
          onChange={(module) => onFilters({ ...filters, module })}
        />
      </section>
      <section ref={part('user')}>
        <h3>{words.user}</h3>
        <UserChoices users={users} filters={filters} nameOf={nameOf} onFilters={onFilters} />
      </section>
      {organizations && (
        <section ref={part('organization')}>
          <h3>{words.organization}</h3>
          <OrganizationTree
            organizations={organizations}
            own={own?.organization}
            selected={filters.organization}
            onSelect={(id) => onFilters(toggled(filters, 'organization', id))}
          />
        </section>
      )}
      <div className="sheet-foot">
        <Button kind="primary" block onClick={onClose}>
          {summary ? words.operationsTotal(summary.total) : words.done}
        </Button>
      </div>
    </Dialog>
  )
}
