import { useIdentityMessages } from '../../i18n/identityMessages'
import { useMessages } from '../../i18n/language'
import { exactTime } from '../../lib/time/zone'
import type { IdentityPreview, IdentityRule, Tenant } from '../../model/api/types'
import { Icon, type IconName } from '../../ui/Icon'
import { Shown } from '../../ui/Shown'
import { GroupList } from './GroupList'
import { type Step, stepsOf } from './groups'
import { useGiven } from './useGiven'

interface Props {
  of: IdentityPreview
  rules: IdentityRule[]
  tenant: Tenant
}

/** What one source says of somebody, which rules fit, and which decides. */
export function PreviewOf({ of, rules, tenant }: Props) {
  const { identity: messages } = useIdentityMessages()
  if (!of.person)
    return (
      <article className="identity-source" aria-label={of.title}>
        <h3>
          <Shown text={of.title} />
        </h3>
        <p className={of.unknown ? 'identity-quiet' : 'list-bad'}>
          <Shown text={of.unknown ? messages.unknown[of.stored ? 'stored' : 'asked'] : (of.error ?? '')} />
        </p>
      </article>
    )
  return (
    <article className="identity-source" aria-label={of.title}>
      <h3>
        <Shown text={of.title} />
      </h3>
      <Verdict of={of} tenant={tenant} />
      <Said of={of} person={of.person} zone={tenant.time_zone} />
      <ul className="identity-steps">
        {stepsOf(rules, of.rules, of.source, of.person.groups).map((step) => (
          <StepOf key={step.rule.number} of={step} tenant={tenant} />
        ))}
      </ul>
      <GroupList source={of.source} names={of.person.groups} rules={rules} />
    </article>
  )
}

/** What the person gets, or why nothing. */
function Verdict({ of, tenant }: Omit<Props, 'rules'>) {
  const common = useMessages()
  const { identity: messages } = useIdentityMessages()
  const given = useGiven(tenant)
  const [first] = of.rules
  const good = first && !of.refused
  return (
    <p className={good ? 'identity-verdict' : 'identity-verdict identity-refused'} role="status">
      <Icon name={good ? 'check' : 'not'} />
      <Shown text={good ? messages.allowed(common.roles[first.role], given.scope(first), first.number) : refusal()} />
    </p>
  )

  function refusal(): string {
    const reasons = messages.refused
    const reason = of.refused ?? 'no rule'
    if (!(reason in reasons)) return messages.refusedElse(reason)
    const text = reasons[reason as keyof typeof reasons]
    return typeof text === 'string' ? text : text(first?.number ?? 0)
  }
}

/** Who the source says that this is. */
function Said({
  of,
  person,
  zone,
}: {
  of: IdentityPreview
  person: NonNullable<IdentityPreview['person']>
  zone: string
}) {
  const { identity: messages } = useIdentityMessages()
  return (
    <>
      <p>
        <Shown text={[person.name, person.account].filter(Boolean).join(' · ')} />
      </p>
      {person.organization && (
        <p className="identity-quiet">
          {messages.organization}: <Shown text={person.organization} />
        </p>
      )}
      {of.seen_at && <p className="identity-quiet">{messages.seenAt(exactTime(of.seen_at, zone))}</p>}
    </>
  )
}

const icons: Record<Step['kind'], IconName> = {
  decides: 'check',
  later: 'check',
  disagrees: 'alert',
  missesGroup: 'close',
  missesOrganization: 'close',
}

function StepOf({ of, tenant }: { of: Step; tenant: Tenant }) {
  const { identity: messages } = useIdentityMessages()
  const given = useGiven(tenant)
  const { number, group } = of.rule
  return (
    <li className={`identity-${of.kind === 'decides' ? 'decides' : 'step'}`}>
      <Icon name={icons[of.kind]} />
      <Shown text={words()} />
    </li>
  )

  function words(): string {
    if (of.kind === 'disagrees') return messages.disagrees(number, given.all(of.gives))
    if (of.kind === 'decides') return group === '*' ? messages.decidesForAll(number) : messages.decides(number, group)
    if (of.kind === 'later') return messages.later(number)
    return of.kind === 'missesGroup' ? messages.missesGroup(number, group) : messages.missesOrganization(number)
  }
}
