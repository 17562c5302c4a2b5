import { Link, useLocation } from 'react-router'
import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'
import { momentOf } from '../../lib/time/moment'
import { relativeTime } from '../../lib/time/phrases'
import type { ServerStatus } from '../../model/api/types'
import { settingsPath } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'

interface Props {
  of: NonNullable<ServerStatus['quorum_lost']>
  /** When the server was asked, in ms. */
  now: number
}

/** Says how many nodes are missing, how old the data is, and to owners where to read what to do. What grows older is outside the alert, which is read once. */
export function QuorumText({ of, now }: Props) {
  const messages = useReadOnlyMessages()
  const { role, tenants } = useSession()
  const { pathname } = useLocation()
  const id = decodeURIComponent(/^\/t\/([^/]+)/.exec(pathname)?.[1] ?? '')
  const tenant = tenants.find((one) => one.id === id) ?? tenants[0]
  const zone = tenant?.time_zone ?? 'UTC'
  const since = of.since ? Date.parse(of.since) : undefined
  return (
    <>
      <span role="alert">
        <b>{messages.quorumLost(of.unreachable, of.nodes)}</b>
        {messages.gap()}
        {since === undefined ? messages.asOfUnknown : messages.asOf(momentOf(since, now, zone))}
      </span>
      {since !== undefined && messages.age(relativeTime(since, zone, messages, now))}
      {messages.gap()}
      {messages.senders}
      {role === 'owner' && tenant && (
        <>
          {messages.gap()}
          <Link className="link" to={settingsPath(tenant.id, 'system')}>
            {messages.whatToDo}
          </Link>
        </>
      )}
    </>
  )
}
