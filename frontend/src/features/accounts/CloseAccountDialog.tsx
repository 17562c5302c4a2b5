import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { visibleText } from '../../lib/visible'
import type { Account, AccountKey, Tenant } from '../../model/api/types'
import { useAccountKeys, useCloseAccount } from '../../model/settings/queries'
import { CheckField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { Shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'
import { useToast } from '../../ui/Toasts'

interface Props {
  tenant: Tenant
  account: Account
  onClose: () => void
}

/** Closes an account for good. Shows the keys that it made, and offers to revoke them. */
export function CloseAccountDialog({ tenant, account, onClose }: Props) {
  const messages = useAdminMessages().accounts
  const toast = useToast()
  const keys = useAccountKeys(tenant.id, account.username)
  const close = useCloseAccount(tenant.id)
  const [revoke, setRevoke] = useState(false)
  const submit = () =>
    close.mutate(
      { username: account.username, revoke },
      {
        onSuccess: (closed) => {
          toast(messages.accountClosed(closed.ended_sessions, closed.keys.filter((key) => key.revoked_at).length))
          onClose()
        },
      },
    )
  return (
    <FormDialog
      wide
      danger
      title={messages.closeOf(account.username)}
      action={messages.closeAction}
      error={close.error}
      pending={close.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>{messages.closeText}</p>
      <Loaded query={keys}>
        {(list) =>
          list.length > 0 ? (
            <>
              <p>{messages.closeKeys(list.length)}</p>
              <KeyTable tenant={tenant} keys={list} />
              <CheckField
                label={messages.revokeKeys}
                text={messages.revokeKeysText}
                checked={revoke}
                onChange={setRevoke}
              />
            </>
          ) : (
            <p>{messages.closeNoKeys}</p>
          )
        }
      </Loaded>
    </FormDialog>
  )
}

function KeyTable({ tenant, keys }: { tenant: Tenant; keys: AccountKey[] }) {
  const messages = useAdminMessages().keys
  const columns: Column<AccountKey>[] = [
    {
      key: 'name',
      title: messages.name,
      cell: (key) => (
        <span className="stack">
          <span className="cut" title={visibleText(key.name)}>
            <Shown text={key.name} />
          </span>
          <small className="mono cut">{key.tenant === tenant.id ? `${key.id}…` : `${key.tenant} · ${key.id}…`}</small>
        </span>
      ),
    },
    { key: 'scope', title: messages.scope, width: 88, cell: (key) => messages.scopes[key.scope] },
    {
      key: 'used',
      title: messages.lastUsed,
      width: 160,
      cell: (key) =>
        key.last_used_at ? <Timestamp time={key.last_used_at} zone={tenant.time_zone} /> : messages.never,
    },
  ]
  return <ListTable label={messages.title} columns={columns} items={keys} keyOf={(key) => key.id} />
}
