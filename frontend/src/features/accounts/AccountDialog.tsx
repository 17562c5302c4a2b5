import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import type { Account, NewAccount, Role, Tenant } from '../../model/api/types'
import { OrganizationField } from '../../model/organizations/OrganizationField'
import { useSession } from '../../model/session/session'
import { useAddAccount, useChangeAccount } from '../../model/settings/queries'
import { Choices, fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { PasswordField } from '../../ui/form/PasswordField'

interface Props {
  tenant: Tenant
  /** The one to edit; none to create one. */
  account?: Account
  onClose: () => void
}

const roles: Role[] = ['owner', 'admin', 'auditor', 'member']

/** Creates an account, or edits its name and rights. */
export function AccountDialog({ tenant, account, onClose }: Props) {
  const common = useMessages()
  const messages = useAdminMessages().accounts
  const { role: ownRole } = useSession()
  const { values, set, scoped, error, pending, submit } = useAccountForm(tenant, account, onClose)

  return (
    <FormDialog
      title={account ? messages.changeOf(account.username) : messages.add}
      action={account ? messages.save : messages.add}
      error={error}
      pending={pending}
      onSubmit={submit}
      onClose={onClose}
    >
      {!account && (
        <TextField
          label={common.username}
          value={values.username}
          required
          maxLength={64}
          error={fieldError(error, 'username')}
          onChange={(username) => set({ username })}
        />
      )}
      <TextField
        label={messages.name}
        hint={messages.nameHint}
        value={values.name}
        maxLength={128}
        error={fieldError(error, 'name')}
        onChange={(name) => set({ name })}
      />
      <Choices
        label={common.role}
        value={values.role}
        choices={roles
          .filter((one) => one !== 'owner' || ownRole === 'owner')
          .map((value) => ({ value, title: common.roles[value], text: messages.roleText[value] }))}
        onChange={(role) => set({ role })}
      />
      {scoped && (
        <OrganizationField
          label={messages.sees}
          tenant={tenant.id}
          value={values.organization}
          none={messages.wholeTenant}
          onChange={(organization) => set({ organization })}
        />
      )}
      {!account && (
        <PasswordField
          value={values.password}
          error={fieldError(error, 'password')}
          onChange={(password) => set({ password })}
        />
      )}
    </FormDialog>
  )
}

interface Values {
  username: string
  name: string
  role: Role
  /** Undefined: nothing has been chosen. */
  organization: string | undefined
  password: string
}

/** The values of the form, and how it is sent: an account is created, or changed. */
function useAccountForm(tenant: Tenant, account: Account | undefined, onDone: () => void) {
  const add = useAddAccount(tenant.id)
  const change = useChangeAccount(tenant.id)
  const [values, setValues] = useState<Values>({
    username: '',
    name: account?.name ?? '',
    role: account?.role ?? 'admin',
    organization: account ? (account.organization ?? '') : undefined,
    password: '',
  })
  const { username, name, role, organization, password } = values
  /** Whether the role sees the entries of one organization, if one is chosen. */
  const scoped = tenant.data_permission && (role === 'admin' || role === 'auditor')

  function submit() {
    const rights = { role, tenant: role === 'owner' ? '' : tenant.id, organization: (scoped && organization) || '' }
    if (account) {
      change.mutate({ username: account.username, change: { name, ...rights } }, { onSuccess: onDone })
      return
    }
    const made: NewAccount = { username, password, ...rights }
    if (name) made.name = name
    add.mutate(made, { onSuccess: onDone })
  }

  const { error, isPending: pending } = account ? change : add
  const set = (some: Partial<Values>) => setValues((before) => ({ ...before, ...some }))
  return { values, set, scoped, error, pending, submit }
}
