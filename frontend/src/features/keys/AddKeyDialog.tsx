import { useRef, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { parseNetwork } from '../../lib/network'
import { parseDay } from '../../lib/time/parse'
import { daysSpan } from '../../lib/time/utcDays'
import type { ApiKey, CreatedKey, NewKey, Tenant } from '../../model/api/types'
import { OrganizationField } from '../../model/organizations/OrganizationField'
import { useSession } from '../../model/session/session'
import { useAddKey } from '../../model/settings/queries'
import { Choices, fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'

const scopes: ApiKey['scope'][] = ['write', 'read', 'launch', 'directory', 'metrics']

interface Props {
  tenant: Tenant
  onMade: (key: CreatedKey) => void
  onClose: () => void
}

/** Creates an API key: what it can do, until when, from where and, to read, for which organization. */
export function AddKeyDialog({ tenant, onMade, onClose }: Props) {
  const { fieldErrors } = useMessages()
  const all = useAdminMessages()
  const messages = all.keys
  const add = useAddKey(tenant.id)
  const offered: ApiKey['scope'][] = useSession().role === 'owner' ? [...scopes, 'backup'] : scopes
  const [name, setName] = useState('')
  const [scope, setScope] = useState<ApiKey['scope']>('write')
  const [lastDay, setLastDay] = useState('')
  const [addresses, setAddresses] = useState('')
  const [organization, setOrganization] = useState<string | undefined>('')
  const [tried, setTried] = useState(false)
  const inputs = { day: useRef<HTMLInputElement>(null), addresses: useRef<HTMLInputElement>(null) }
  const scoped = tenant.data_permission && scope === 'read'
  const day = parseDay(lastDay)
  const typed = addresses.split(/[\s,，、;；]+/).filter(Boolean)
  const networks = typed.flatMap((text) => parseNetwork(text) ?? [])
  const wrongNetworks = networks.length < typed.length

  function submit() {
    setTried(true)
    if (day === undefined) return inputs.day.current?.focus()
    if (wrongNetworks) return inputs.addresses.current?.focus()
    const key: NewKey = { name, scope }
    const { until } = daysSpan('', day, tenant.time_zone)
    if (until !== undefined) key.expires_at = new Date(until).toISOString()
    if (networks.length > 0) key.addresses = networks
    if (scoped && organization) key.organization = organization
    add.mutate(key, { onSuccess: onMade })
  }

  return (
    <FormDialog
      title={messages.add}
      action={messages.add}
      error={add.error}
      pending={add.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={messages.name}
        hint={scope === 'launch' ? messages.launchNameHint : messages.nameHint}
        required
        maxLength={128}
        value={name}
        error={fieldError(add.error, 'name')}
        onChange={setName}
      />
      <Choices
        label={messages.scope}
        value={scope}
        choices={offered.map((value) => ({ value, title: messages.scopes[value], text: messages.scopeText[value] }))}
        onChange={setScope}
      />
      {scoped && (
        <OrganizationField
          label={all.accounts.sees}
          tenant={tenant.id}
          value={organization}
          none={all.accounts.wholeTenant}
          onChange={setOrganization}
        />
      )}
      <TextField
        ref={inputs.day}
        label={messages.lastDay}
        hint={messages.lastDayHint(tenant.time_zone)}
        placeholder="2027-01-31"
        value={lastDay}
        error={tried && day === undefined ? fieldErrors.date : fieldError(add.error, 'expires_at') && messages.past}
        onChange={setLastDay}
      />
      <TextField
        ref={inputs.addresses}
        mono
        label={messages.addresses}
        hint={scope === 'launch' ? messages.launchAddressesHint : messages.addressesHint}
        placeholder="192.0.2.7 10.0.0.0/8"
        value={addresses}
        error={tried && wrongNetworks ? messages.wrongAddresses : fieldError(add.error, 'addresses')}
        onChange={setAddresses}
      />
    </FormDialog>
  )
}
