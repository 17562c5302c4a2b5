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
  /** The filters that are on, in words. */
  active: { label: string; text: string }[]
  /** What the page has read. */
  entries: Entry[]
  hasMore: boolean
  context: ActionContext
}

/** The command that prints the access log, and the paper it is printed on. */
export function AccessPrint(props: Props) {
  const { tenant, scope, filters } = props
  const { paper: words } = props.context.common
  const paper = usePrint((signal) =>
    fetchRows(scope === 'tenant' ? tenantPath(tenant.id, 'access') : '/api/v1/access', writeFilters(filters), signal),
  )
  return (
    <>
      <button
        type="button"
        className="text-button quiet"
        title={`${words.print} (Ctrl+P)`}
        aria-busy={paper.pending || undefined}
        onClick={paper.print}
      >
        <Icon name="printer" />
        {words.print}
      </button>
      {paper.on && <Sheet {...props} loaded={paper.loaded} />}
    </>
  )
}

function Sheet(props: Props & { loaded: { rows: Entry[]; more: boolean } | undefined }) {
  const { tenant, scope, filters, active, context, loaded } = props
  const { words, common, zone } = context
  const rows = loaded?.rows ?? props.entries.slice(0, maxPrintedRows)
  const more = loaded?.more ?? (props.hasMore || props.entries.length > rows.length)
  const roles: Record<string, string> = common.roles
  const said = active.map(({ label, text }) => common.chipWhole(label, text))
  if (filters.range) said.push(common.chipWhole(words.access.time, common.ranges[filters.range]))
  else if (!hasPeriod(filters)) said.push(common.chipWhole(words.access.time, common.all))
  return (
    <PrintTable
      head={
        <PrintHeader
          tenant={tenant}
          title={scope === 'tenant' ? words.access.title : `${words.access.title} · ${words.access.ofServer}`}
          facts={[[common.paper.filters, said.join(common.paper.join)]]}
          holds={
            !more
              ? common.paper.entries(rows.length)
              : loaded
                ? common.paper.firstOfMore(rows.length)
                : common.paper.moreUnread(rows.length, maxPrintedRows)
          }
        />
      }
      columns={[
        { title: words.access.user, part: 16 },
        { title: words.access.action, part: 17 },
        { title: words.access.about, part: 36 },
        { title: words.access.from, part: 17 },
        { title: words.access.time, part: 14 },
      ]}
      rows={rows.map((entry) => ({
        key: entry.seq,
        cells: [
          <>
            {shown(entry.user.name)}
            {entry.user.role && <small>{shown(roles[entry.user.role] ?? entry.user.role)}</small>}
          </>,
          <>
            {describeAction(entry, words).title}
            {entry.outcome === 'failure' && <small>{common.failed}</small>}
          </>,
          shown(actionDetails(entry, context).join(words.access.join)),
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
