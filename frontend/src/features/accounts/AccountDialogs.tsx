import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import type { Account, Tenant } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { useBeginView } from '../../model/session/viewing'
import { useChangeAccount, useRemoveAccountFactor } from '../../model/settings/queries'
import { fieldError } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { PasswordField } from '../../ui/form/PasswordField'
import { AccountDialog } from './AccountDialog'
import { AccountSessionsDialog } from './AccountSessionsDialog'
import { CloseAccountDialog } from './CloseAccountDialog'
import OwnPasswordDialog from './OwnPasswordDialog'

/** The dialog that is open, and the account that it is about. */
export type Asked =
  | { what: 'add' }
  | { what: 'change' | 'password' | 'sessions' | 'factor' | 'disable' | 'view' | 'close'; account: Account }

interface Props {
  tenant: Tenant
  asked: Asked
  onClose: () => void
}

/** The dialog of an action on an account. */
export function AccountDialogs({ tenant, asked, onClose }: Props) {
  const { username: self } = useSession()
  if (asked.what === 'add') return <AccountDialog tenant={tenant} onClose={onClose} />
  const of = { tenant, account: asked.account, onClose }
  switch (asked.what) {
    case 'change':
      return <AccountDialog {...of} />
    case 'password':
      return asked.account.username === self ? <OwnPasswordDialog onClose={onClose} /> : <PasswordDialog {...of} />
    case 'sessions':
      return <AccountSessionsDialog {...of} />
    case 'factor':
      return <RemoveFactorDialog {...of} />
    case 'disable':
      return <DisableDialog {...of} />
    case 'view':
      return <ViewDialog {...of} />
    case 'close':
      return <CloseAccountDialog {...of} />
  }
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

function ViewDialog({ account, onClose }: DialogProps) {
  const messages = useAdminMessages().accounts
  const view = useBeginView()
  return (
    <FormDialog
      title={messages.viewAsOf(account.username)}
      action={messages.view}
      error={view.error}
      pending={view.isPending || view.isSuccess}
      onSubmit={() => view.mutate(account.username)}
      onClose={onClose}
    >
      <p>{messages.viewAsText}</p>
    </FormDialog>
  )
}
