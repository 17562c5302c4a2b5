import { useState } from 'react'
import { useAdminWords } from '../../i18n/adminWords'
import { useWords } from '../../i18n/language'
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
  const common = useWords()
  const all = useAdminWords()
  const words = all.accounts
  const accounts = useAccounts(tenant.id)
  const organizations = useOrganizations(tenant.id, tenant.data_permission)
  const enable = useChangeAccount(tenant.id)
  const unlock = useUnlockAccount(tenant.id)
  const { username: self } = useSession()
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)

  const sees = (account: Account) => {
    if (account.role === 'owner') return words.everyTenant
    if (account.role === 'member') return words.nothing
    if (!account.organization) return words.wholeTenant
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
      title: words.account,
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
    { key: 'sees', title: words.sees, width: 200, cell: sees },
    {
      key: 'status',
      title: words.status,
      width: 168,
      cell: (account) => (
        <span className="stack">
          <Status account={account} />
          <small>
            {account.second_factor ? words.secondFactor : words.noSecondFactor}
            {account.second_factor && account.username !== self && (
              <>
                {' · '}
                <button
                  type="button"
                  className="link"
                  aria-label={words.removeFactorOf(account.username)}
                  onClick={() => setAsked({ what: 'factor', account })}
                >
                  {words.removeFactor}
                </button>
              </>
            )}
          </small>
        </span>
      ),
    },
    {
      key: 'last',
      title: words.lastSignIn,
      width: 168,
      cell: (account) =>
        account.last_sign_in_at ? <Timestamp time={account.last_sign_in_at} zone={tenant.time_zone} /> : words.never,
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 296,
      cell: (account) => (
        <>
          {action(words.change, account, () => setAsked({ what: 'change', account }))}
          {account.locked_until && action(words.unlock, account, () => unlock.mutate(account.username))}
          {action(words.newPassword, account, () => setAsked({ what: 'password', account }))}
          {action(words.sessions, account, () => setAsked({ what: 'sessions', account }))}
          {account.disabled
            ? action(words.enable, account, () =>
                enable.mutate({ username: account.username, change: { disabled: false } }),
              )
            : action(words.disable, account, () => setAsked({ what: 'disable', account }), true)}
        </>
      ),
    },
  ]
  return (
    <>
      <SectionHead title={words.title} text={words.text(tenant.name)}>
        <Button kind="primary" onClick={() => setAsked({ what: 'add' })}>
          {words.add}
        </Button>
      </SectionHead>
      {enable.error && <Notice kind="error">{all.notDone(problemText(enable.error))}</Notice>}
      {unlock.error && <Notice kind="error">{all.notDone(problemText(unlock.error))}</Notice>}
      <Loaded query={accounts}>
        {(list) => (
          <ListTable
            label={words.title}
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
  const words = useAdminWords().accounts
  if (account.disabled) return words.disabled
  if (account.locked_until)
    return (
      <span className="list-bad" title={words.lockedText}>
        {words.locked}
      </span>
    )
  return (
    <span className="stack">
      {words.active}
      {account.must_change && <small className="cut">{words.mustChange}</small>}
    </span>
  )
}

interface DialogProps {
  tenant: Tenant
  account: Account
  onClose: () => void
}

function PasswordDialog({ tenant, account, onClose }: DialogProps) {
  const words = useAdminWords().accounts
  const change = useChangeAccount(tenant.id)
  const [password, setPassword] = useState('')
  return (
    <FormDialog
      title={words.newPasswordOf(account.username)}
      action={words.save}
      error={change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ username: account.username, change: { password } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <PasswordField value={password} error={fieldError(change.error, 'password')} onChange={setPassword} />
      <p className="form-hint">{words.signsOut}</p>
    </FormDialog>
  )
}

function RemoveFactorDialog({ tenant, account, onClose }: DialogProps) {
  const words = useAdminWords().accounts
  const remove = useRemoveAccountFactor(tenant.id)
  return (
    <FormDialog
      danger
      title={words.removeFactorOf(account.username)}
      action={words.removeFactor}
      error={remove.error}
      pending={remove.isPending}
      onSubmit={() => remove.mutate(account.username, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{words.removeFactorText}</p>
    </FormDialog>
  )
}

function DisableDialog({ tenant, account, onClose }: DialogProps) {
  const words = useAdminWords().accounts
  const change = useChangeAccount(tenant.id)
  const self = useSession().username === account.username
  return (
    <FormDialog
      danger
      title={words.disableOf(account.username)}
      action={words.disable}
      error={change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ username: account.username, change: { disabled: true } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{self ? words.disableSelf : words.disableText}</p>
    </FormDialog>
  )
}
