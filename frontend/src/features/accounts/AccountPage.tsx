import { useState } from 'react'
import { useAdminWords } from '../../i18n/adminWords'
import { useFactorWords } from '../../i18n/factorWords'
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
  const { groups } = useAdminWords()
  const words = useFactorWords()
  const { username, name, role, launched } = useSession()
  const [changing, setChanging] = useState(false)
  const person = name && name !== username ? words.listJoin([username, name]) : username
  return (
    <>
      <SectionHead
        title={groups.you}
        text={launched ? words.accountLaunched(person) : words.accountText(person, words.roles[role])}
      />
      <div className="own-account">
        {!launched && (
          <>
            <FactorPart zone={tenant.time_zone} />
            <section className="system-part">
              <h2>{words.password}</h2>
              <p>{words.passwordText}</p>
              <Button onClick={() => setChanging(true)}>{words.changePassword}</Button>
            </section>
          </>
        )}
        <SessionsPart tenant={tenant} />
      </div>
      {changing && <OwnPasswordDialog onClose={() => setChanging(false)} />}
    </>
  )
}
