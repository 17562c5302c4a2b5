import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import type { Tenant } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { useChangeTenant } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { FormDialog } from '../../ui/form/FormDialog'

/** Whether organizations restrict what people see; only owners change it. */
export function PermissionPart({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages().organizations
  const owner = useSession().role === 'owner'
  const change = useChangeTenant()
  const [asking, setAsking] = useState(false)
  const on = tenant.data_permission
  const turn = on ? messages.turnOff : messages.turnOn
  return (
    <>
      <section className="permission" aria-label={messages.permission}>
        <div>
          <h2>{messages.permission}</h2>
          <p>
            {on ? messages.permissionOn : messages.permissionOff} {!owner && messages.permissionWho}
          </p>
        </div>
        {owner && (
          <Button danger={on} onClick={() => setAsking(true)}>
            {turn}
          </Button>
        )}
      </section>
      {asking && (
        <FormDialog
          title={on ? messages.turnOffTitle : messages.turnOnTitle}
          action={turn}
          danger={on}
          error={change.error}
          pending={change.isPending}
          onSubmit={() =>
            change.mutate({ id: tenant.id, change: { data_permission: !on } }, { onSuccess: () => setAsking(false) })
          }
          onClose={() => setAsking(false)}
        >
          <p>{on ? messages.turnOffText : messages.turnOnText}</p>
        </FormDialog>
      )}
    </>
  )
}
