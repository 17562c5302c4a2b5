import { exactTime } from '../../lib/time/zone'
import { userAgentName } from '../../lib/userAgent'
import { tenantPath } from '../../model/api/http'
import type { Entry, Tenant } from '../../model/api/types'
import { type Filters, hasPeriod, writeFilters } from '../../model/log/filters'
import { PaperHead } from '../../model/paper/PaperHead'
import { PaperTable } from '../../model/paper/PaperTable'
import { readRows } from '../../model/paper/readRows'
import { paperRows, usePaper } from '../../model/paper/usePaper'
import { Icon } from '../../ui/Icon'
import { shown } from '../../ui/Shown'
import { type DeedContext, deedFacts, deedOf } from './deeds'
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
  context: DeedContext
}

/** The command that prints the access log, and the paper it is printed on. */
export function AccessPaper(props: Props) {
  const { tenant, scope, filters } = props
  const { paper: words } = props.context.common
  const paper = usePaper((signal) =>
    readRows(scope === 'tenant' ? tenantPath(tenant.id, 'access') : '/api/v1/access', writeFilters(filters), signal),
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
  const rows = loaded?.rows ?? props.entries.slice(0, paperRows)
  const more = loaded?.more ?? (props.hasMore || props.entries.length > rows.length)
  const roles: Record<string, string> = common.roles
  const said = active.map(({ label, text }) => common.chipWhole(label, text))
  if (filters.range) said.push(common.chipWhole(words.access.time, common.ranges[filters.range]))
  else if (!hasPeriod(filters)) said.push(common.chipWhole(words.access.time, common.all))
  return (
    <PaperTable
      head={
        <PaperHead
          tenant={tenant}
          title={scope === 'tenant' ? words.access.title : `${words.access.title} · ${words.access.ofServer}`}
          facts={[[common.paper.filters, said.join(common.paper.join)]]}
          holds={
            !more
              ? common.paper.entries(rows.length)
              : loaded
                ? common.paper.firstOfMore(rows.length)
                : common.paper.moreUnread(rows.length, paperRows)
          }
        />
      }
      columns={[
        { title: words.access.user, part: 16 },
        { title: words.access.deed, part: 17 },
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
            {deedOf(entry, words).title}
            {entry.outcome === 'failure' && <small>{common.failed}</small>}
          </>,
          shown(deedFacts(entry, context).join(words.access.join)),
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
