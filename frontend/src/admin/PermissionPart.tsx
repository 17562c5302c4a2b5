import { useState } from 'react'
import type { Tenant } from '../api/types'
import { useSession } from '../session/session'
import { Button } from '../theme/Button'
import { FormDialog } from './FormDialog'
import { useChangeTenant } from './queries'
import { useAdminWords } from './words'

/** Whether organizations divide what is seen; owners switch it. */
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
