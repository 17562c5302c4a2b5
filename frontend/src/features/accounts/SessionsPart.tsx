import { useState } from 'react'
import { useAdminWords } from '../../i18n/adminWords'
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
  const words = useAdminWords().sessions
  const sessions = useOwnSessions()
  const end = useSignOutEverywhere()
  const [asking, setAsking] = useState(false)
  const zone = tenant.time_zone

  const columns: Column<OwnSession>[] = [
    {
      key: 'device',
      title: words.device,
      cell: (session) => (
        <span className="stack">
          <span title={visibleText(session.user_agent ?? '')}>
            {shown(session.user_agent ? userAgentName(session.user_agent) : words.unknown)}
          </span>
          {session.current && <small className="list-good">{words.this}</small>}
        </span>
      ),
    },
    { key: 'from', title: words.from, width: 180, cell: (session) => session.ip || words.unknown },
    {
      key: 'created',
      title: words.signedIn,
      width: 184,
      cell: (session) => <Timestamp time={session.created_at} zone={zone} />,
    },
    {
      key: 'used',
      title: words.lastUsed,
      width: 184,
      cell: (session) => <Timestamp time={session.last_used_at} zone={zone} />,
    },
    {
      key: 'ends',
      title: words.ends,
      width: 184,
      cell: (session) => <Timestamp ahead time={session.expires_at} zone={zone} />,
    },
  ]
  return (
    <section className="system-part account-sessions">
      <div className="section-head">
        <div>
          <h2>{words.title}</h2>
          <p>{words.text}</p>
        </div>
        <div className="section-actions">
          <Button danger disabled={!sessions.data} onClick={() => setAsking(true)}>
            {words.everywhere}
          </Button>
        </div>
      </div>
      <Loaded query={sessions}>
        {(list) => <ListTable label={words.title} columns={columns} items={list} keyOf={(session) => session.id} />}
      </Loaded>
      {asking && (
        <FormDialog
          danger
          title={words.everywhere}
          action={words.everywhere}
          error={end.error}
          pending={end.isPending}
          onSubmit={() => end.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>{words.everywhereText(sessions.data?.length ?? 1)}</p>
        </FormDialog>
      )}
    </section>
  )
}
