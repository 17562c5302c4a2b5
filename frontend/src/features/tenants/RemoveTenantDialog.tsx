import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { urlOf } from '../../lib/basePath'
import { tenantPath } from '../../model/api/http'
import type { TenantSettings } from '../../model/api/types'
import { useRemoveTenant } from '../../model/settings/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'

/** Removes a tenant for good, once its id is typed. It can be downloaded whole before. */
export function RemoveTenantDialog({ tenant, onClose }: { tenant: TenantSettings; onClose: () => void }) {
  const messages = useAdminMessages().tenants
  const remove = useRemoveTenant()
  const [confirmed, setConfirmed] = useState('')
  const hint = messages.confirmHint(tenant.id)
  return (
    <FormDialog
      danger
      title={messages.removeOf(tenant.id)}
      action={messages.remove}
      error={remove.error}
      pending={remove.isPending}
      onSubmit={() => remove.mutate(confirmed, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{messages.removeText}</p>
      <p>
        <a className="link" href={urlOf(tenantPath(tenant.id, 'everything'))} download>
          {messages.exportFirst}
        </a>
      </p>
      <TextField
        label={messages.confirmID}
        hint={hint}
        required
        maxLength={64}
        pattern={tenant.id.replaceAll('.', '\\.')}
        shape={hint}
        value={confirmed}
        error={fieldError(remove.error, 'confirm')}
        onChange={setConfirmed}
      />
    </FormDialog>
  )
}
