import { useMessages } from '../../i18n/language'
import { ApiProblem } from '../../lib/problem'
import type { Step } from '../../lib/steps'
import type { Tenant } from '../../model/api/types'
import type { Filters, Ignored } from '../../model/log/filters'
import IgnoredNotice from '../../model/log/IgnoredNotice'
import { useScrollRegion } from '../../ui/hooks/scrollRegion'
import { useCopy } from '../../ui/useCopy'
import { AccessFilters } from './AccessFilters'
import { AccessPrint } from './AccessPrint'
import { AccessRows } from './AccessRows'
import { activeFilterTexts, shownPeriod } from './activeFilterTexts'
import { useAccessChoices } from './useAccessChoices'
import type { Scope } from './useAccessFilters'
import { useAccessRows } from './useAccessRows'
import { useActionContext } from './useActionContext'
import './access.css'

interface Props {
  tenant: Tenant
  scope: Scope
  filters: Filters
  /** Parameters of the URL that are ignored. */
  ignored: Ignored[]
  onFilters: (next: Filters, how?: Step) => void
}

/** The rows of an access log, below what they are narrowed to. */
export function AccessLog({ tenant, scope, filters, ignored, onFilters }: Props) {
  const common = useMessages()
  const copy = useCopy()
  const region = useScrollRegion()
  const rows = useAccessRows(tenant, scope, filters)
  const { access, entries } = rows
  const context = useActionContext(tenant)
  const choices = useAccessChoices(tenant, scope, entries, filters.user)
  const active = activeFilterTexts(filters, choices, context)

  function filter(next: Filters, how?: Step) {
    region?.scrollTo({ top: 0 })
    onFilters(next, how)
  }

  return (
    <div>
      <AccessFilters
        filters={filters}
        active={active}
        zone={tenant.time_zone}
        choices={choices}
        refused={access.error instanceof ApiProblem && access.error.status === 422 ? access.error.locations : []}
        onFilters={filter}
        onCopyLink={() => copy(window.location.href, common.linkCopied)}
      >
        <AccessPrint
          key={`${scope} ${rows.query}`}
          tenant={tenant}
          scope={scope}
          filters={filters}
          active={active}
          entries={entries}
          hasMore={access.hasNextPage}
          context={context}
        />
      </AccessFilters>
      {ignored.length > 0 && (
        <IgnoredNotice
          ignored={ignored}
          source="link"
          period={shownPeriod(filters, tenant.time_zone, common) ?? context.messages.access.allTimeInText}
          onClose={() => onFilters(filters, { replace: true })}
        />
      )}
      <AccessRows rows={rows} context={context} filters={filters} active={active} onFilters={filter} />
    </div>
  )
}
