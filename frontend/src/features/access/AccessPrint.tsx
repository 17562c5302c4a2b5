import { exactTime } from '../../lib/time/zone'
import { userAgentName } from '../../lib/userAgent'
import { tenantPath } from '../../model/api/http'
import type { Entry, Tenant } from '../../model/api/types'
import { type Filters, hasPeriod, writeFilters } from '../../model/log/filters'
import { fetchRows } from '../../model/print/fetchRows'
import { PrintHeader } from '../../model/print/PrintHeader'
import { PrintTable } from '../../model/print/PrintTable'
import { maxPrintedRows, usePrint } from '../../model/print/usePrint'
import { Icon } from '../../ui/Icon'
import { shown } from '../../ui/Shown'
import { type ActionContext, actionDetails, describeAction } from './actions'
import type { Scope } from './useAccessFilters'

interface Props {
  tenant: Tenant
  scope: Scope
  filters: Filters
  /** The active filters as text. */
  active: { label: string; text: string }[]
  /** The entries on the page. */
  entries: Entry[]
  hasMore: boolean
  context: ActionContext
}

/** The button that prints the access log, and the printed table. */
export function AccessPrint(props: Props) {
  const { tenant, scope, filters } = props
  const { printing: messages } = props.context.common
  const printing = usePrint((signal) =>
    fetchRows(scope === 'tenant' ? tenantPath(tenant.id, 'access') : '/api/v1/access', writeFilters(filters), signal),
  )
  return (
    <>
      <button
        type="button"
        className="text-button quiet"
        title={`${messages.print} (Ctrl+P)`}
        aria-busy={printing.pending || undefined}
        onClick={printing.print}
      >
        <Icon name="printer" />
        {messages.print}
      </button>
      {printing.on && <Sheet {...props} loaded={printing.loaded} />}
    </>
  )
}

function Sheet(props: Props & { loaded: { rows: Entry[]; more: boolean } | undefined }) {
  const { tenant, scope, filters, active, context, loaded } = props
  const { messages, common, zone } = context
  const rows = loaded?.rows ?? props.entries.slice(0, maxPrintedRows)
  const more = loaded?.more ?? (props.hasMore || props.entries.length > rows.length)
  const roles: Record<string, string> = common.roles
  const said = active.map(({ label, text }) => common.chipWhole(label, text))
  if (filters.range) said.push(common.chipWhole(messages.access.time, common.ranges[filters.range]))
  else if (!hasPeriod(filters)) said.push(common.chipWhole(messages.access.time, common.all))
  return (
    <PrintTable
      head={
        <PrintHeader
          tenant={tenant}
          title={scope === 'tenant' ? messages.access.title : `${messages.access.title} · ${messages.access.ofServer}`}
          facts={[[common.printing.filters, said.join(common.printing.join)]]}
          holds={
            !more
              ? common.printing.entries(rows.length)
              : loaded
                ? common.printing.firstOfMore(rows.length)
                : common.printing.moreUnread(rows.length, maxPrintedRows)
          }
        />
      }
      columns={[
        { title: messages.access.user, part: 16 },
        { title: messages.access.action, part: 17 },
        { title: messages.access.about, part: 36 },
        { title: messages.access.from, part: 17 },
        { title: messages.access.time, part: 14 },
      ]}
      rows={rows.map((entry) => ({
        key: entry.seq,
        cells: [
          <>
            {shown(entry.user.name)}
            {entry.user.role && <small>{shown(roles[entry.user.role] ?? entry.user.role)}</small>}
          </>,
          <>
            {describeAction(entry, messages).title}
            {entry.outcome === 'failure' && <small>{common.failed}</small>}
          </>,
          shown(actionDetails(entry, context).join(messages.access.join)),
          <>
            {entry.ip}
            {entry.user_agent && <small>{userAgentName(entry.user_agent)}</small>}
          </>,
          exactTime(entry.time, zone),
        ],
      }))}
    />
  )
}
