import { useIdentityMessages } from '../../i18n/identityMessages'
import { useMessages } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import type { Identity, IdentityRule, Tenant } from '../../model/api/types'
import { type Column, ListTable } from '../../ui/ListTable'
import { Shown } from '../../ui/Shown'
import { useGiven } from './useGiven'

/** The rules in their order, with what each gives and to how many. */
export function RulesPart({ of, tenant }: { of: Identity; tenant: Tenant }) {
  const { identity: messages } = useIdentityMessages()
  const columns = useColumns(of, tenant)
  return (
    <section className="identity-rules" aria-labelledby="identity-rules">
      <h2 id="identity-rules">{messages.rules}</h2>
      <p>{messages.rulesText}</p>
      {of.rules.length === 0 ? (
        <p className="list-empty">{messages.noRules}</p>
      ) : (
        <ListTable label={messages.rules} columns={columns} items={of.rules} keyOf={({ number }) => `${number}`} />
      )}
    </section>
  )
}

function useColumns(of: Identity, tenant: Tenant): Column<IdentityRule>[] {
  const common = useMessages()
  const { identity: messages } = useIdentityMessages()
  const given = useGiven(tenant)
  const titles = new Map(of.sources.map(({ name, title }) => [name, title]))
  return [
    {
      key: 'order',
      title: messages.order,
      width: 72,
      cell: ({ number }) => <span className="identity-number">{number}</span>,
    },
    {
      key: 'source',
      title: messages.source,
      width: 152,
      cell: ({ source }) => <Shown text={source ? (titles.get(source) ?? source) : messages.everySource} />,
    },
    { key: 'group', title: messages.group, width: 232, cell: (rule) => <GroupOf rule={rule} /> },
    { key: 'role', title: common.role, width: 88, cell: ({ role }) => common.roles[role] },
    { key: 'tenant', title: messages.tenant, width: 136, cell: (rule) => <Shown text={given.tenantOf(rule)} /> },
    {
      key: 'sees',
      title: messages.sees,
      width: 200,
      cell: (rule) => (
        <span className="stack">
          <Shown text={given.sees(rule)} />
          {rule.error && <small className="list-bad">{messages.gives(rule.error)}</small>}
        </span>
      ),
    },
    { key: 'people', title: messages.people, width: 72, cell: ({ people }) => common.number(people) },
  ]
}

function GroupOf({ rule: { group } }: { rule: IdentityRule }) {
  const { identity: messages } = useIdentityMessages()
  if (group === '*') return messages.everybody
  return (
    <span className="mono" title={visibleText(group)}>
      <Shown text={group} />
    </span>
  )
}
