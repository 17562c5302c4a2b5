import { useState } from 'react'
import { useAdminWords } from '../../i18n/adminWords'
import type { Tenant } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { useChangeTenant } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { FormDialog } from '../../ui/form/FormDialog'

/** Whether organizations restrict what people see; only owners change it. */
export function PermissionPart({ tenant }: { tenant: Tenant }) {
  const words = useAdminWords().organizations
  const owner = useSession().role === 'owner'
  const change = useChangeTenant()
  const [asking, setAsking] = useState(false)
  const on = tenant.data_permission
  const turn = on ? words.turnOff : words.turnOn
  return (
    <>
      <section className="permission" aria-label={words.permission}>
        <div>
          <h2>{words.permission}</h2>
          <p>
            {on ? words.permissionOn : words.permissionOff} {!owner && words.permissionWho}
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
          title={on ? words.turnOffTitle : words.turnOnTitle}
          action={turn}
          danger={on}
          error={change.error}
          pending={change.isPending}
          onSubmit={() =>
            change.mutate({ id: tenant.id, change: { data_permission: !on } }, { onSuccess: () => setAsking(false) })
          }
          onClose={() => setAsking(false)}
        >
          <p>{on ? words.turnOffText : words.turnOnText}</p>
        </FormDialog>
      )}
    </>
  )
}
