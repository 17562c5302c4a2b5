import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useFactorMessages } from '../../i18n/factorMessages'
import type { Tenant } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { SectionHead } from '../../ui/SectionHead'
import { FactorPart } from './FactorPart'
import OwnPasswordDialog from './OwnPasswordDialog'
import { SessionsPart } from './SessionsPart'
import '../../ui/system.css'
import './account.css'

/** What is the signed-in person's own: second factor, password and sessions. */
export default function AccountPage({ tenant }: { tenant: Tenant }) {
  const { yourAccount } = useAdminMessages()
  const messages = useFactorMessages()
  const { username, name, role, launched, source } = useSession()
  const [changing, setChanging] = useState(false)
  const person = name && name !== username ? messages.listJoin([username, name]) : username
  return (
    <>
      <SectionHead
        title={yourAccount}
        text={launched ? messages.accountLaunched(person) : messages.accountText(person, messages.roles[role])}
      />
      <div className="own-account">
        {!launched && (
          <>
            <FactorPart zone={tenant.time_zone} />
            <section className="system-part">
              <h2>{messages.password}</h2>
              <p>{source ? messages.passwordOfSource(source) : messages.passwordText}</p>
              {!source && <Button onClick={() => setChanging(true)}>{messages.changePassword}</Button>}
            </section>
          </>
        )}
        <SessionsPart tenant={tenant} />
      </div>
      {changing && <OwnPasswordDialog onClose={() => setChanging(false)} />}
    </>
  )
}
