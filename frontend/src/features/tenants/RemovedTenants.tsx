import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import type { RemovedTenant } from '../../model/api/types'
import { useRemovedTenants } from '../../model/settings/queries'
import { type Column, ListTable } from '../../ui/ListTable'
import { Shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'

/** The removed tenants; nothing while there are none. */
export function RemovedTenants() {
  const messages = useAdminMessages().tenants
  const { number } = useMessages()
  const { data } = useRemovedTenants()
  const columns: Column<RemovedTenant>[] = [
    {
      key: 'name',
      title: messages.name,
      cell: (tenant) => (
        <span className="stack">
          <Shown text={tenant.name} />
          <small className="mono">{tenant.id}</small>
        </span>
      ),
    },
    {
      key: 'at',
      title: messages.removedAt,
      width: 176,
      cell: (tenant) => (tenant.finished_at ? <Timestamp time={tenant.at} zone="UTC" /> : messages.removing),
    },
    { key: 'by', title: messages.removedBy, width: 152, cell: (tenant) => <Shown text={tenant.by} /> },
    { key: 'entries', title: messages.entries, width: 112, cell: (tenant) => number(tenant.entries) },
  ]
  if (!data || data.length === 0) return null
  return (
    <section className="system-part">
      <h2>{messages.removed}</h2>
      <ListTable label={messages.removed} columns={columns} items={data} keyOf={(tenant) => tenant.id} />
    </section>
  )
}
