import { useId, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useFormMessages } from '../../i18n/formMessages'
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
  const { fieldErrors } = useFormMessages()
  const messages = useAdminMessages().tenants
  const { values, set, error, pending, submit } = useTenantForm(tenant, onClose)
  return (
    <FormDialog
      title={tenant ? messages.changeOf(tenant.id) : messages.add}
      action={tenant ? messages.save : messages.add}
      error={error}
      pending={pending}
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
          value={values.id}
          error={fieldError(error, 'id')}
          onChange={(id) => set({ id })}
        />
      )}
      <TextField
        label={messages.name}
        required
        maxLength={128}
        value={values.name}
        error={fieldError(error, 'name')}
        onChange={(name) => set({ name })}
      />
      <ZoneField value={values.time_zone} error={error} onChange={(time_zone) => set({ time_zone })} />
      <CheckField
        label={messages.dataPermission}
        text={messages.dataPermissionText}
        checked={values.data_permission}
        onChange={(data_permission) => set({ data_permission })}
      />
      <CheckField
        label={messages.requireFactor}
        text={messages.requireFactorText}
        checked={values.require_second_factor}
        onChange={(require_second_factor) => set({ require_second_factor })}
      />
      <AreaField
        label={messages.sites}
        hint={messages.sitesHint}
        rows={2}
        value={values.sites}
        onChange={(sites) => set({ sites })}
      />
    </FormDialog>
  )
}

/** The time zone of a tenant, with those that the browser knows as suggestions. */
function ZoneField({ value, error, onChange }: { value: string; error: unknown; onChange: (zone: string) => void }) {
  const messages = useAdminMessages().tenants
  const zones = useId()
  return (
    <>
      <TextField
        label={messages.timeZone}
        hint={messages.timeZoneHint}
        required
        list={zones}
        value={value}
        error={fieldError(error, 'time_zone')}
        onChange={onChange}
      />
      <datalist id={zones}>
        {Intl.supportedValuesOf('timeZone').map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </>
  )
}

/** The values of the form, and how it is sent: a tenant is created, or changed. */
function useTenantForm(tenant: TenantSettings | undefined, onDone: () => void) {
  const add = useAddTenant()
  const change = useChangeTenant()
  const [values, setValues] = useState({
    id: '',
    name: tenant?.name ?? '',
    time_zone: tenant?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    data_permission: tenant?.data_permission ?? false,
    require_second_factor: tenant?.require_second_factor ?? false,
    sites: tenant?.frame_ancestors?.join('\n') ?? '',
  })

  function submit() {
    const { id, sites, ...rest } = values
    const settings = { ...rest, frame_ancestors: lines(sites) }
    if (tenant) change.mutate({ id: tenant.id, change: settings }, { onSuccess: onDone })
    else add.mutate({ id, ...settings }, { onSuccess: onDone })
  }

  const { error, isPending: pending } = tenant ? change : add
  const set = (some: Partial<typeof values>) => setValues((before) => ({ ...before, ...some }))
  return { values, set, error, pending, submit }
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
