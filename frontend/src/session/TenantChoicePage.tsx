import { Link, Navigate } from 'react-router'
import { useDocumentTitle } from '../frame/documentTitle'
import { TopBar } from '../frame/TopBar'
import { useWords } from '../i18n/language'
import { useSession } from './session'
import './session.css'

/** The start: the only tenant's log, or a choice of tenants. */
export function TenantChoicePage() {
  const words = useWords()
  const { tenants } = useSession()
  useDocumentTitle(words.chooseTenant)
  const only = tenants.length === 1 ? tenants[0] : undefined
  if (only) return <Navigate replace to={`/t/${encodeURIComponent(only.id)}/log`} />
  return (
    <div className="app app-plain">
      <TopBar />
      <main className="page">
        <div className="plain">
          <h1>{tenants.length ? words.chooseTenant : words.noTenant}</h1>
          {tenants.length === 0 && <p>{words.noTenantText}</p>}
          {tenants.length > 0 && (
            <ul>
              {tenants.map((tenant) => (
                <li key={tenant.id}>
                  <Link to={`/t/${encodeURIComponent(tenant.id)}/log`}>
                    {tenant.name}
                    <small>{tenant.time_zone}</small>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </div>
      </main>
    </div>
  )
}
