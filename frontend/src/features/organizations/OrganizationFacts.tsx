import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import type { FacetValue, Organization } from '../../model/api/types'
import { ancestors, countsWithBelow, organizationTree } from '../../model/organizations/organizations'
import { Button } from '../../ui/Button'
import { Facts } from '../../ui/Facts'
import { shown } from '../../ui/Shown'
import type { Asked } from './OrganizationDialog'
import { withBelow } from './organizationEdits'
import '../../ui/system.css'

interface Props {
  list: Organization[]
  organization: Organization
  /** Own entries of each organization. */
  own: FacetValue[] | undefined
  onAsk: (asked: Asked) => void
}

/** One organization with its actions. */
export function OrganizationFacts({ list, organization, own, onAsk }: Props) {
  const common = useMessages()
  const messages = useAdminMessages().organizations
  const { id, name } = organization
  const above = ancestors(list, id)
  const counts = countsWithBelow(organizationTree(list), own)
  const ownCount = own?.find((one) => one.value === id)?.count ?? 0
  const number = (count: number) => (own ? common.number(count) : '…')
  return (
    <section className="organization" aria-label={visibleText(name)}>
      <h2>{shown(name)}</h2>
      <Facts
        facts={[
          { label: messages.id, value: <span className="mono">{shown(id)}</span> },
          { label: messages.state, value: organization.archived ? messages.archived : messages.active },
          { label: messages.above, value: above[0]?.name ?? messages.top },
          { label: messages.below, value: common.number(withBelow(list, id).size - 1) },
          { label: messages.entries, value: number(ownCount) },
          { label: messages.withBelow, value: number(counts.get(id) ?? 0) },
        ]}
      />
      <div className="system-buttons">
        {organization.archived ? (
          <Button onClick={() => onAsk({ what: 'restore', organization })}>{messages.restore}</Button>
        ) : (
          <>
            <Button onClick={() => onAsk({ what: 'add', organization })}>{messages.addBelow}</Button>
            <Button onClick={() => onAsk({ what: 'rename', organization })}>{messages.rename}</Button>
            <Button onClick={() => onAsk({ what: 'move', organization, without: withBelow(list, id) })}>
              {messages.move}
            </Button>
            <Button danger onClick={() => onAsk({ what: 'archive', organization, without: withBelow(list, id) })}>
              {messages.archive}
            </Button>
          </>
        )}
      </div>
    </section>
  )
}
