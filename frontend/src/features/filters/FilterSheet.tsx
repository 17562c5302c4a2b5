import { useMessages } from '../../i18n/language'
import type { Organization, Summary, Tenant } from '../../model/api/types'
import { type Field, type FilterName, fieldOf, isList, toggled, withoutField } from '../../model/log/filters'
import { useSummary } from '../../model/log/queries'
import { allCounted } from '../../model/log/useLog'
import { OrganizationTree } from '../../model/organizations/OrganizationTree'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { type ChoiceContext, type ChoiceField, FieldChoices } from './FieldChoices'
import { FilterParts } from './FilterParts'
import './sheet.css'

interface Props extends Omit<ChoiceContext, 'tenant'> {
  tenant: Tenant
  summary: Summary | undefined
  organizations: Organization[] | undefined
  /** The filter that is open at first, when the text of its chip was pressed. */
  at: FilterName | undefined
  onClose: () => void
}

const choiceFields: ChoiceField[] = ['operation', 'module', 'user', 'role', 'outcome', 'ip', 'key']

/** All filters of a phone in one place, the organizations too. */
export default function FilterSheet({ tenant, summary, organizations, at, onClose, ...rest }: Props) {
  const messages = useMessages()
  const context = { ...rest, tenant: tenant.id }
  const parts = choiceFields.map((field: Field) => ({
    field,
    content: () => <FieldChoices field={field as ChoiceField} {...context} />,
  }))
  if (organizations)
    parts.push({
      field: 'organization',
      content: () => <OrganizationPart organizations={organizations} {...context} />,
    })
  return (
    <Dialog title={messages.filters} className="filter-sheet" onClose={onClose}>
      <FilterParts
        parts={parts}
        filters={rest.filters}
        nameOf={rest.nameOf}
        at={at && isList(at) ? fieldOf(at) : undefined}
      />
      <div className="sheet-foot">
        <Button kind="primary" block onClick={onClose}>
          {summary ? messages.operationsTotal(summary.total) : messages.done}
        </Button>
      </div>
    </Dialog>
  )
}

function OrganizationPart(props: ChoiceContext & { organizations: Organization[] }) {
  const { tenant, organizations, filters, onFilters } = props
  const own = allCounted(useSummary(tenant, withoutField(filters, 'organization')).data)?.facets.organization
  return (
    <OrganizationTree
      organizations={organizations}
      own={own}
      selected={filters.organization}
      onSelect={(id) => onFilters(toggled(filters, 'organization', id))}
    />
  )
}
