import { useId, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import type { TenantSettings } from '../../model/api/types'
import { useAddTenant, useChangeTenant } from '../../model/settings/queries'
import { AreaField, CheckField, fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'

interface Props {
  /** The one to edit; none to create one. */
  tenant?: TenantSettings
  onClose: () => void
}

export function TenantDialog({ tenant, onClose }: Props) {
  const { fieldErrors } = useMessages()
  const messages = useAdminMessages().tenants
  const add = useAddTenant()
  const change = useChangeTenant()
  const [id, setId] = useState('')
  const [name, setName] = useState(tenant?.name ?? '')
  const [zone, setZone] = useState(tenant?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [permission, setPermission] = useState(tenant?.data_permission ?? false)
  const [factor, setFactor] = useState(tenant?.require_second_factor ?? false)
  const [sites, setSites] = useState(tenant?.frame_ancestors?.join('\n') ?? '')
  const zones = useId()
  const { error, isPending } = tenant ? change : add

  function submit() {
    const settings = {
      name,
      time_zone: zone,
      data_permission: permission,
      require_second_factor: factor,
      frame_ancestors: lines(sites),
    }
    if (tenant) change.mutate({ id: tenant.id, change: settings }, { onSuccess: onClose })
    else add.mutate({ id, ...settings }, { onSuccess: onClose })
  }

  return (
    <FormDialog
      title={tenant ? messages.changeOf(tenant.id) : messages.add}
      action={tenant ? messages.save : messages.add}
      error={error}
      pending={isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      {!tenant && <p className="form-lead">{messages.addText}</p>}
      {!tenant && (
        <TextField
          label={messages.id}
          hint={messages.idHint}
          required
          maxLength={64}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          shape={fieldErrors.id}
          value={id}
          error={fieldError(error, 'id')}
          onChange={setId}
        />
      )}
      <TextField
        label={messages.name}
        required
        maxLength={128}
        value={name}
        error={fieldError(error, 'name')}
        onChange={setName}
      />
      <TextField
        label={messages.timeZone}
        hint={messages.timeZoneHint}
        required
        list={zones}
        value={zone}
        error={fieldError(error, 'time_zone')}
        onChange={setZone}
      />
      <datalist id={zones}>
        {Intl.supportedValuesOf('timeZone').map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <CheckField
        label={messages.dataPermission}
        text={messages.dataPermissionText}
        checked={permission}
        onChange={setPermission}
      />
      <CheckField
        label={messages.requireFactor}
        text={messages.requireFactorText}
        checked={factor}
        onChange={setFactor}
      />
      <AreaField label={messages.sites} hint={messages.sitesHint} rows={2} value={sites} onChange={setSites} />
    </FormDialog>
  )
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
