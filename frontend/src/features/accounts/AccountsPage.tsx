import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { visibleText } from '../../lib/visible'
import type { Account, Tenant } from '../../model/api/types'
import { useOrganizations } from '../../model/log/queries'
import { useSession } from '../../model/session/session'
import { useAccounts, useChangeAccount, useRemoveAccountFactor, useUnlockAccount } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { fieldError } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { PasswordField } from '../../ui/form/PasswordField'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { Notice } from '../../ui/Notice'
import { SectionHead } from '../../ui/SectionHead'
import { Shown, shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'
import { AccountDialog } from './AccountDialog'
import { AccountSessionsDialog } from './AccountSessionsDialog'
import OwnPasswordDialog from './OwnPasswordDialog'

type Asked = { what: 'add' } | { what: 'change' | 'password' | 'sessions' | 'factor' | 'disable'; account: Account }

/** The accounts of a tenant and their roles. */
export default function AccountsPage({ tenant }: { tenant: Tenant }) {
  const common = useMessages()
  const all = useAdminMessages()
  const messages = all.accounts
  const accounts = useAccounts(tenant.id)
  const organizations = useOrganizations(tenant.id, tenant.data_permission)
  const enable = useChangeAccount(tenant.id)
  const unlock = useUnlockAccount(tenant.id)
  const { username: self } = useSession()
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)

  const sees = (account: Account) => {
    if (account.role === 'owner') return messages.everyTenant
    if (account.role === 'member') return messages.nothing
    if (!account.organization) return messages.wholeTenant
    const known = organizations.data?.find((one) => one.id === account.organization)
    return common.andBelow(known?.name ?? account.organization)
  }
  const action = (title: string, account: Account, onClick: () => void, danger = false) => (
    <button
      type="button"
      className={danger ? 'link link-danger' : 'link'}
      aria-label={all.named(title, account.username)}
      onClick={onClick}
    >
      {title}
    </button>
  )
  const columns: Column<Account>[] = [
    {
      key: 'account',
      title: messages.account,
      cell: (account) => (
        <span className="stack">
          <span className="cut" title={visibleText(account.username)}>
            <Shown text={account.username} />
          </span>
          {account.name && <small className="cut">{shown(account.name)}</small>}
        </span>
      ),
    },
    { key: 'role', title: common.role, width: 88, cell: (account) => common.roles[account.role] },
    { key: 'sees', title: messages.sees, width: 200, cell: sees },
    {
      key: 'status',
      title: messages.status,
      width: 168,
      cell: (account) => (
        <span className="stack">
          <Status account={account} />
          <small>
            {account.second_factor ? messages.secondFactor : messages.noSecondFactor}
            {account.second_factor && account.username !== self && (
              <>
                {' · '}
                <button
                  type="button"
                  className="link"
                  aria-label={messages.removeFactorOf(account.username)}
                  onClick={() => setAsked({ what: 'factor', account })}
                >
                  {messages.removeFactor}
                </button>
              </>
            )}
          </small>
        </span>
      ),
    },
    {
      key: 'last',
      title: messages.lastSignIn,
      width: 168,
      cell: (account) =>
        account.last_sign_in_at ? <Timestamp time={account.last_sign_in_at} zone={tenant.time_zone} /> : messages.never,
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 296,
      cell: (account) => (
        <>
          {action(messages.change, account, () => setAsked({ what: 'change', account }))}
          {account.locked_until && action(messages.unlock, account, () => unlock.mutate(account.username))}
          {action(messages.newPassword, account, () => setAsked({ what: 'password', account }))}
          {action(messages.sessions, account, () => setAsked({ what: 'sessions', account }))}
          {account.disabled
            ? action(messages.enable, account, () =>
                enable.mutate({ username: account.username, change: { disabled: false } }),
              )
            : action(messages.disable, account, () => setAsked({ what: 'disable', account }), true)}
        </>
      ),
    },
  ]
  return (
    <>
      <SectionHead title={messages.title} text={messages.text(tenant.name)}>
        <Button kind="primary" onClick={() => setAsked({ what: 'add' })}>
          {messages.add}
        </Button>
      </SectionHead>
      {enable.error && <Notice kind="error">{all.notDone(problemText(enable.error))}</Notice>}
      {unlock.error && <Notice kind="error">{all.notDone(problemText(unlock.error))}</Notice>}
      <Loaded query={accounts}>
        {(list) => (
          <ListTable
            label={messages.title}
            columns={columns}
            items={list}
            keyOf={(account) => account.username}
            faded={(account) => account.disabled}
          />
        )}
      </Loaded>
      {asked?.what === 'add' && <AccountDialog tenant={tenant} onClose={close} />}
      {asked?.what === 'change' && <AccountDialog tenant={tenant} account={asked.account} onClose={close} />}
      {asked?.what === 'password' &&
        (asked.account.username === self ? (
          <OwnPasswordDialog onClose={close} />
        ) : (
          <PasswordDialog tenant={tenant} account={asked.account} onClose={close} />
        ))}
      {asked?.what === 'sessions' && <AccountSessionsDialog tenant={tenant} account={asked.account} onClose={close} />}
      {asked?.what === 'factor' && <RemoveFactorDialog tenant={tenant} account={asked.account} onClose={close} />}
      {asked?.what === 'disable' && <DisableDialog tenant={tenant} account={asked.account} onClose={close} />}
    </>
  )
}

/** Whether an account may sign in, and what has to happen first. */
function Status({ account }: { account: Account }) {
  const messages = useAdminMessages().accounts
  if (account.disabled) return messages.disabled
  if (account.locked_until)
    return (
      <span className="list-bad" title={account.locked_in_places ? messages.lockedPlacesText : messages.lockedText}>
        {account.locked_in_places ? messages.lockedPlaces : messages.locked}
      </span>
    )
  return (
    <span className="stack">
      {messages.active}
      {account.must_change && <small className="cut">{messages.mustChange}</small>}
    </span>
  )
}

interface DialogProps {
  tenant: Tenant
  account: Account
  onClose: () => void
}

function PasswordDialog({ tenant, account, onClose }: DialogProps) {
  const messages = useAdminMessages().accounts
  const change = useChangeAccount(tenant.id)
  const [password, setPassword] = useState('')
  return (
    <FormDialog
      title={messages.newPasswordOf(account.username)}
      action={messages.save}
      error={change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ username: account.username, change: { password } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <PasswordField value={password} error={fieldError(change.error, 'password')} onChange={setPassword} />
      <p className="form-hint">{messages.signsOut}</p>
    </FormDialog>
  )
}

function RemoveFactorDialog({ tenant, account, onClose }: DialogProps) {
  const messages = useAdminMessages().accounts
  const remove = useRemoveAccountFactor(tenant.id)
  return (
    <FormDialog
      danger
      title={messages.removeFactorOf(account.username)}
      action={messages.removeFactor}
      error={remove.error}
      pending={remove.isPending}
      onSubmit={() => remove.mutate(account.username, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{messages.removeFactorText}</p>
    </FormDialog>
  )
}

function DisableDialog({ tenant, account, onClose }: DialogProps) {
  const messages = useAdminMessages().accounts
  const change = useChangeAccount(tenant.id)
  const self = useSession().username === account.username
  return (
    <FormDialog
      danger
      title={messages.disableOf(account.username)}
      action={messages.disable}
      error={change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ username: account.username, change: { disabled: true } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{self ? messages.disableSelf : messages.disableText}</p>
    </FormDialog>
  )
}
