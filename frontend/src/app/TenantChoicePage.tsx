import { lazy, Suspense, useState } from 'react'
import { Link } from 'react-router'
import { useSessionMessages } from '../i18n/sessionMessages'
import { useSession } from '../model/session/session'
import { Button } from '../ui/Button'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { shown } from '../ui/Shown'
import { TopBar } from './TopBar'
import '../ui/session.css'
import './tenantChoice.css'

const TenantDialog = lazy(() =>
  import('../features/tenants/TenantDialog').then((module) => ({ default: module.TenantDialog })),
)

/** A choice of tenants, or a notice that there are none yet. */
export default function TenantChoicePage() {
  const messages = useSessionMessages()
  const { tenants } = useSession()
  const [adding, setAdding] = useState(false)
  useDocumentTitle(messages.chooseTenant)
  return (
    <div className="app app-plain">
      <TopBar />
      <main className="page">
        <div className="plain">
          <h1>{tenants.length ? messages.chooseTenant : messages.noTenant}</h1>
          {tenants.length === 0 && (
            <>
              <p>{messages.noTenantText}</p>
              <Button kind="primary" onClick={() => setAdding(true)}>
                {messages.addTenant}
              </Button>
            </>
          )}
          {tenants.length > 0 && (
            <ul>
              {tenants.map((tenant) => (
                <li key={tenant.id}>
                  <Link to={`/t/${encodeURIComponent(tenant.id)}/log`}>
                    {shown(tenant.name)}
                    <small>{tenant.time_zone}</small>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </div>
        {adding && (
          <Suspense fallback={null}>
            <TenantDialog onClose={() => setAdding(false)} />
          </Suspense>
        )}
      </main>
    </div>
  )
}
