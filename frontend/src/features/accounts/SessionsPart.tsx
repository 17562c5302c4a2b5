import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { userAgentName } from '../../lib/userAgent'
import { visibleText } from '../../lib/visible'
import type { OwnSession, Tenant } from '../../model/api/types'
import { useOwnSessions, useSignOutEverywhere } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { FormDialog } from '../../ui/form/FormDialog'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'

/** The signed-in person's own sessions. */
export function SessionsPart({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages().sessions
  const sessions = useOwnSessions()
  const end = useSignOutEverywhere()
  const [asking, setAsking] = useState(false)
  const columns = useSessionColumns(tenant.time_zone)
  return (
    <section className="system-part account-sessions">
      <div className="section-head">
        <div>
          <h2>{messages.title}</h2>
          <p>{messages.text}</p>
        </div>
        <div className="section-actions">
          <Button danger disabled={!sessions.data} onClick={() => setAsking(true)}>
            {messages.everywhere}
          </Button>
        </div>
      </div>
      <Loaded query={sessions}>
        {(list) => <ListTable label={messages.title} columns={columns} items={list} keyOf={(session) => session.id} />}
      </Loaded>
      {asking && (
        <FormDialog
          danger
          title={messages.everywhere}
          action={messages.everywhere}
          error={end.error}
          pending={end.isPending}
          onSubmit={() => end.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>{messages.everywhereText(sessions.data?.length ?? 1)}</p>
        </FormDialog>
      )}
    </section>
  )
}

function useSessionColumns(zone: string): Column<OwnSession>[] {
  const messages = useAdminMessages().sessions
  return [
    {
      key: 'device',
      title: messages.device,
      cell: (session) => (
        <span className="stack">
          <span title={visibleText(session.user_agent ?? '')}>
            {shown(session.user_agent ? userAgentName(session.user_agent) : messages.unknown)}
          </span>
          {session.current && <small className="list-good">{messages.this}</small>}
        </span>
      ),
    },
    { key: 'from', title: messages.from, width: 180, cell: (session) => session.ip || messages.unknown },
    {
      key: 'created',
      title: messages.signedIn,
      width: 184,
      cell: (session) => <Timestamp time={session.created_at} zone={zone} />,
    },
    {
      key: 'used',
      title: messages.lastUsed,
      width: 184,
      cell: (session) => <Timestamp time={session.last_used_at} zone={zone} />,
    },
    {
      key: 'ends',
      title: messages.ends,
      width: 184,
      cell: (session) => <Timestamp ahead time={session.expires_at} zone={zone} />,
    },
  ]
}
