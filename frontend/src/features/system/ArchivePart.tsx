import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useArchiveMessages } from '../../i18n/archiveMessages'
import { problemText } from '../../lib/problem'
import { exactTime } from '../../lib/time/zone'
import type { Archive, ArchiveTenant, Tenant } from '../../model/api/types'
import { useArchive, useTenantArchive } from '../../model/settings/archive'
import { type Column, ListTable } from '../../ui/ListTable'
import { Notice } from '../../ui/Notice'
import { ArchiveServers, shardsAway } from './ArchiveServers'
import './archive.css'

/** The archive of the installation, for owners: what it has of each tenant, and its servers. */
export function ArchivePart({ zone }: { zone: string }) {
  const query = useArchive(true)
  return <Part query={query}>{query.data && <Whole of={query.data} zone={zone} />}</Part>
}

/** What the archive has of a tenant, for its admins; nothing if there is none. */
export function TenantArchivePart({ tenant }: { tenant: Tenant }) {
  const { archive: messages } = useArchiveMessages()
  const query = useTenantArchive(tenant.id)
  const { data } = query
  if (data && !data.tenant) return null
  return (
    <Part query={query}>
      {data?.tenant && (
        <>
          {data.tenant.removed_days > 0 && !data.reachable && (
            <Notice kind="error">{data.configured ? messages.awayHere : messages.notConfigured}</Notice>
          )}
          <Tenants of={[data.tenant]} zone={tenant.time_zone} />
        </>
      )}
    </Part>
  )
}

/** The heading, and below it that the servers are asked, why they could not be, or what they said. */
function Part({ query, children }: { query: UseQueryResult<unknown>; children: ReactNode }) {
  const { archive: messages, retry } = useArchiveMessages()
  return (
    <section className="system-part" aria-labelledby="system-archive" aria-busy={query.isPending}>
      <h2 id="system-archive">{messages.archive}</h2>
      {query.error && (
        <Notice kind="error" action={retry} onAction={() => query.refetch()}>
          {messages.askFailed(problemText(query.error))}
        </Notice>
      )}
      {query.isPending && <p role="status">{messages.asking}</p>}
      {children}
    </section>
  )
}

function Whole({ of, zone }: { of: Archive; zone: string }) {
  const { archive: messages, listJoin } = useArchiveMessages()
  const away = shardsAway(of.servers)
  const allAway = of.servers.every((server) => !server.reachable)
  const needed = of.tenants.some((tenant) => tenant.removed_days > 0)
  if (!of.configured && of.tenants.length === 0) return <p className="list-empty">{messages.nothing}</p>
  return (
    <>
      {!of.configured && needed && <Notice kind="error">{messages.notConfigured}</Notice>}
      {away.length > 0 && (
        <Notice kind="error">
          {allAway ? messages.awayHere : messages.away(listJoin(away.map((shard) => `${shard + 1}`)))}
        </Notice>
      )}
      {of.tenants.length > 0 && <Tenants of={of.tenants} zone={zone} />}
      {of.servers.length > 0 && <ArchiveServers of={of.servers} />}
    </>
  )
}

function Tenants({ of, zone }: { of: ArchiveTenant[]; zone: string }) {
  const { archive: messages } = useArchiveMessages()
  const columns: Column<ArchiveTenant>[] = [
    { key: 'tenant', title: messages.tenant, cell: (one) => <Name of={one} /> },
    { key: 'here', title: messages.here, width: 112, cell: (one) => <Here of={one} /> },
    { key: 'there', title: messages.there, width: 216, cell: (one) => <There of={one} /> },
    { key: 'only', title: messages.onlyThere, width: 120, cell: (one) => <OnlyThere of={one} /> },
    { key: 'lag', title: messages.lag, width: 144, cell: (one) => <Lag of={one} zone={zone} /> },
    {
      key: 'verified',
      title: messages.verified,
      width: 148,
      cell: ({ last_verified_at: at }) => (at ? exactTime(at, zone) : messages.notYet),
    },
  ]
  return <ListTable label={messages.archive} columns={columns} items={of} keyOf={(one) => one.tenant} />
}

function Name({ of }: { of: ArchiveTenant }) {
  const { archive: messages } = useArchiveMessages()
  return (
    <span className="stack">
      <span>{of.name}</span>
      <small>{of.archive_after ? messages.after(of.archive_after) : messages.never}</small>
    </span>
  )
}

function Here({ of }: { of: ArchiveTenant }) {
  const { archive: messages, number } = useArchiveMessages()
  return of.entries_here === undefined ? messages.uncounted : number(of.entries_here)
}

function There({ of }: { of: ArchiveTenant }) {
  const { archive: messages, number } = useArchiveMessages()
  return (
    <span className="stack">
      <span>{number(of.entries)}</span>
      {of.first && of.last && <small>{messages.span(of.days, of.first, of.last)}</small>}
    </span>
  )
}

/** How many of a tenant's entries are only in the archive, and which part of all that is. */
function OnlyThere({ of }: { of: ArchiveTenant }) {
  const { archive: messages, number } = useArchiveMessages()
  const { entries_here: here, removed_entries: there } = of
  if (here === undefined || there === 0) return number(there)
  const percent = (100 * there) / (here + there)
  return (
    <span className="stack">
      <span>{number(there)}</span>
      <small className="archive-share">
        <span className="archive-meter" aria-hidden>
          <i style={{ width: `${percent}%` }} />
        </span>
        {messages.shareOf(percent < 1 ? '< 1' : percent.toFixed(0))}
      </small>
    </span>
  )
}

function Lag({ of, zone }: { of: ArchiveTenant; zone: string }) {
  const { archive: messages } = useArchiveMessages()
  return (
    <span className="stack">
      <span className={of.lag_days > 0 ? 'archive-amber' : undefined}>
        {of.lag_days > 0 ? messages.behind(of.lag_days) : messages.noLag}
      </span>
      {of.due > 0 && of.due !== of.lag_days && <small>{messages.due(of.due)}</small>}
      {of.shipping && <small>{messages.shipping(of.shipping)}</small>}
      {of.last_error && of.last_error_at && (
        <small className="list-bad">{messages.failed(of.last_error, exactTime(of.last_error_at, zone))}</small>
      )}
    </span>
  )
}
