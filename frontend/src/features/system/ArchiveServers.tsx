import { useArchiveMessages } from '../../i18n/archiveMessages'
import type { ArchiveServer } from '../../model/api/types'
import { type Column, ListTable } from '../../ui/ListTable'

/** The shards of which no server can be used. */
export function shardsAway(servers: ArchiveServer[]): number[] {
  const usable = new Set(servers.filter((server) => server.reachable).map((server) => server.shard))
  return [...new Set(servers.map((server) => server.shard))].filter((shard) => !usable.has(shard))
}

/** The servers of the archive: which can be used, and whether they have what they should. */
export function ArchiveServers({ of }: { of: ArchiveServer[] }) {
  const { archive: messages, number } = useArchiveMessages()
  const columns: Column<ArchiveServer>[] = [
    { key: 'server', title: messages.server, cell: (one) => <span className="mono">{one.url}</span> },
    { key: 'shard', title: messages.shard, width: 72, cell: (one) => number(one.shard + 1) },
    { key: 'entries', title: messages.entries, width: 144, cell: (one) => (one.reachable ? number(one.rows) : '') },
    { key: 'state', title: messages.state, width: 320, cell: (one) => <State of={one} /> },
  ]
  return (
    <div className="archive-servers">
      <ListTable label={messages.servers} columns={columns} items={of} keyOf={(one) => one.url} />
    </div>
  )
}

function State({ of }: { of: ArchiveServer }) {
  const { archive: messages } = useArchiveMessages()
  const { reachable, error, missing = [], unknown = [] } = of
  if (!reachable)
    return (
      <span className="stack">
        <span className="list-bad">{messages.unreachable}</span>
        <small>{error}</small>
      </span>
    )
  return (
    <span className="stack">
      {missing.length === 0 && <span className="list-good">{messages.answers}</span>}
      {missing.length > 0 && <span className="list-bad">{messages.lacks(missing.length)}</span>}
      {missing.length > 0 && <Names of={missing} />}
      {unknown.length > 0 && <small className="archive-amber">{messages.knows(unknown.length)}</small>}
      {unknown.length > 0 && <Names of={unknown} />}
    </span>
  )
}

const namedAtMost = 3

/** The first few names. */
function Names({ of }: { of: string[] }) {
  const { archive: messages, listJoin } = useArchiveMessages()
  const first = listJoin(of.slice(0, namedAtMost))
  return <small>{of.length > namedAtMost ? messages.more(first, of.length - namedAtMost) : first}</small>
}
