import { useAdminMessages } from '../../i18n/adminMessages'
import { userAgentName } from '../../lib/userAgent'
import { visibleText } from '../../lib/visible'
import type { Account, OwnSession, Tenant } from '../../model/api/types'
import { useAccountSessions, useEndAccountSessions } from '../../model/settings/queries'
import { FormDialog } from '../../ui/form/FormDialog'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'

interface Props {
  tenant: Tenant
  account: Account
  onClose: () => void
}

/** Where an account is signed in, and a button that ends it everywhere. */
export function AccountSessionsDialog({ tenant, account, onClose }: Props) {
  const { accounts: messages, sessions: of } = useAdminMessages()
  const sessions = useAccountSessions(tenant.id, account.username)
  const end = useEndAccountSessions(tenant.id)
  const columns: Column<OwnSession>[] = [
    {
      key: 'device',
      title: of.device,
      cell: (session) => (
        <span title={visibleText(session.user_agent ?? '')}>
          {shown(session.user_agent ? userAgentName(session.user_agent) : of.unknown)}
        </span>
      ),
    },
    { key: 'from', title: of.from, width: 140, cell: (session) => session.ip || of.unknown },
    {
      key: 'created',
      title: of.signedIn,
      width: 160,
      cell: (session) => <Timestamp time={session.created_at} zone={tenant.time_zone} />,
    },
    {
      key: 'used',
      title: of.lastUsed,
      width: 160,
      cell: (session) => <Timestamp time={session.last_used_at} zone={tenant.time_zone} />,
    },
  ]
  return (
    <FormDialog
      wide
      danger
      title={messages.sessionsOf(account.username)}
      action={of.everywhere}
      error={end.error}
      pending={end.isPending}
      onSubmit={() => end.mutate(account.username, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Loaded query={sessions}>
        {(list) =>
          list.length > 0 ? (
            <ListTable label={messages.sessions} columns={columns} items={list} keyOf={(session) => session.id} />
          ) : (
            <p>{messages.noSessions}</p>
          )
        }
      </Loaded>
      <p className="form-hint">{messages.sessionsText}</p>
    </FormDialog>
  )
}
