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
  const add = useAddAccount(tenant.id)
  const change = useChangeAccount(tenant.id)
  const [username, setUsername] = useState('')
  const [name, setName] = useState(account?.name ?? '')
  const [role, setRole] = useState<Role>(account?.role ?? 'admin')
  const [organization, setOrganization] = useState(account ? (account.organization ?? '') : undefined)
  const [password, setPassword] = useState('')
  const { error, isPending } = account ? change : add

  const scoped = tenant.data_permission && (role === 'admin' || role === 'auditor')
  const scope = (scoped && organization) || ''
  function submit() {
    const of = role === 'owner' ? '' : tenant.id
    if (account) {
      const changes = { name, role, tenant: of, organization: scope }
      change.mutate({ username: account.username, change: changes }, { onSuccess: onClose })
      return
    }
    const made: NewAccount = { username, password, role, tenant: of, organization: scope }
    if (name) made.name = name
    add.mutate(made, { onSuccess: onClose })
  }

  return (
    <FormDialog
      title={account ? messages.changeOf(account.username) : messages.add}
      action={account ? messages.save : messages.add}
      error={error}
      pending={isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      {!account && (
        <TextField
          label={common.username}
          value={username}
          required
          maxLength={64}
          error={fieldError(error, 'username')}
          onChange={setUsername}
        />
      )}
      <TextField
        label={messages.name}
        hint={messages.nameHint}
        value={name}
        maxLength={128}
        error={fieldError(error, 'name')}
        onChange={setName}
      />
      <Choices
        label={common.role}
        value={role}
        choices={roles
          .filter((one) => one !== 'owner' || ownRole === 'owner')
          .map((value) => ({ value, title: common.roles[value], text: messages.roleText[value] }))}
        onChange={setRole}
      />
      {scoped && (
        <OrganizationField
          label={messages.sees}
          tenant={tenant.id}
          value={organization}
          none={messages.wholeTenant}
          onChange={setOrganization}
        />
      )}
      {!account && <PasswordField value={password} error={fieldError(error, 'password')} onChange={setPassword} />}
    </FormDialog>
  )
}
