import { useRef, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useFormMessages } from '../../i18n/formMessages'
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
  const { fieldErrors } = useFormMessages()
  const { keys: messages, accounts } = useAdminMessages()
  const offered: ApiKey['scope'][] = useSession().role === 'owner' ? [...scopes, 'backup'] : scopes
  const { values, set, scoped, wrong, inputs, add, submit } = useKeyForm(tenant, onMade)
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
        hint={values.scope === 'launch' ? messages.launchNameHint : messages.nameHint}
        required
        maxLength={128}
        value={values.name}
        error={fieldError(add.error, 'name')}
        onChange={(name) => set({ name })}
      />
      <Choices
        label={messages.scope}
        value={values.scope}
        choices={offered.map((value) => ({ value, title: messages.scopes[value], text: messages.scopeText[value] }))}
        onChange={(scope) => set({ scope })}
      />
      {scoped && (
        <OrganizationField
          label={accounts.sees}
          tenant={tenant.id}
          value={values.organization}
          none={accounts.wholeTenant}
          onChange={(organization) => set({ organization })}
        />
      )}
      <TextField
        ref={inputs.day}
        label={messages.lastDay}
        hint={messages.lastDayHint(tenant.time_zone)}
        placeholder="2027-01-31"
        value={values.lastDay}
        error={wrong.day ? fieldErrors.date : fieldError(add.error, 'expires_at') && messages.past}
        onChange={(lastDay) => set({ lastDay })}
      />
      <TextField
        ref={inputs.addresses}
        mono
        label={messages.addresses}
        hint={values.scope === 'launch' ? messages.launchAddressesHint : messages.addressesHint}
        placeholder="192.0.2.7 10.0.0.0/8"
        value={values.addresses}
        error={wrong.addresses ? messages.wrongAddresses : fieldError(add.error, 'addresses')}
        onChange={(addresses) => set({ addresses })}
      />
    </FormDialog>
  )
}

interface Values {
  name: string
  scope: ApiKey['scope']
  lastDay: string
  addresses: string
  /** Undefined: nothing has been chosen. */
  organization: string | undefined
}

/** The values of the form, and how it is sent: only with a day and addresses that can be read, else these get the focus. */
function useKeyForm(tenant: Tenant, onMade: (key: CreatedKey) => void) {
  const add = useAddKey(tenant.id)
  const inputs = { day: useRef<HTMLInputElement>(null), addresses: useRef<HTMLInputElement>(null) }
  const [values, setValues] = useState<Values>({
    name: '',
    scope: 'write',
    lastDay: '',
    addresses: '',
    organization: '',
  })
  const [tried, setTried] = useState(false)
  const { name, scope, organization } = values
  const scoped = tenant.data_permission && scope === 'read'
  const day = parseDay(values.lastDay)
  const typed = values.addresses.split(/[\s,，、;；]+/).filter(Boolean)
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

  const set = (some: Partial<Values>) => setValues((before) => ({ ...before, ...some }))
  return {
    values,
    set,
    scoped,
    /** The fields that could not be read when the form was sent. */
    wrong: { day: tried && day === undefined, addresses: tried && wrongNetworks },
    inputs,
    add,
    submit,
  }
}
