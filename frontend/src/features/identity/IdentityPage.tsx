import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useIdentityMessages } from '../../i18n/identityMessages'
import { urlOf } from '../../lib/basePath'
import type { Identity, Tenant } from '../../model/api/types'
import { Loaded } from '../../ui/Loaded'
import { SectionHead } from '../../ui/SectionHead'
import { useIdentity } from './identityQueries'
import { PreviewPart } from './PreviewPart'
import { RulesPart } from './RulesPart'
import { SourcesPart } from './SourcesPart'
import { TurnedAwayPart } from './TurnedAwayPart'
import '../../ui/tag.css'
import '../../ui/form/form.css'
import './identity.css'

/** How people sign in other than by local accounts: the sources, the rules, and what they would decide of somebody. */
export default function IdentityPage({ tenant }: { tenant: Tenant }) {
  const { signIn } = useAdminMessages()
  const { identity: messages } = useIdentityMessages()
  const query = useIdentity()
  return (
    <>
      <SectionHead title={signIn} text={messages.text}>
        <a
          className="button button-plain button-middle"
          href={urlOf(messages.manualPath)}
          target="_blank"
          rel="noreferrer"
        >
          {messages.manual}
        </a>
      </SectionHead>
      <Loaded query={query}>
        {(identity) =>
          identity.sources.length === 0 ? (
            <p className="list-empty">{messages.empty}</p>
          ) : (
            <Parts of={identity} tenant={tenant} />
          )
        }
      </Loaded>
    </>
  )
}

/** Who is looked up, and when that was asked for. */
export interface Asked {
  username: string
  time: number
}

function Parts({ of, tenant }: { of: Identity; tenant: Tenant }) {
  const [asked, setAsked] = useState<Asked>({ username: '', time: 0 })
  const ask = (username: string) => setAsked({ username, time: Date.now() })
  return (
    <div className="identity">
      <div className="identity-grid">
        <RulesPart of={of} tenant={tenant} />
        <PreviewPart of={of} tenant={tenant} asked={asked} onAsk={ask} />
        <div className="identity-beside">
          <SourcesPart sources={of.sources} zone={tenant.time_zone} />
          <TurnedAwayPart people={of.turned_away} zone={tenant.time_zone} onAsk={ask} />
        </div>
      </div>
    </div>
  )
}
