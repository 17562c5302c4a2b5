import { useAdminWords } from '../../i18n/adminWords'
import { useWords } from '../../i18n/language'
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
  const common = useWords()
  const words = useAdminWords().organizations
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
          { label: words.id, value: <span className="mono">{shown(id)}</span> },
          { label: words.state, value: organization.archived ? words.archived : words.active },
          { label: words.above, value: above[0]?.name ?? words.top },
          { label: words.below, value: common.number(withBelow(list, id).size - 1) },
          { label: words.entries, value: number(ownCount) },
          { label: words.withBelow, value: number(counts.get(id) ?? 0) },
        ]}
      />
      <div className="system-buttons">
        {organization.archived ? (
          <Button onClick={() => onAsk({ what: 'restore', organization })}>{words.restore}</Button>
        ) : (
          <>
            <Button onClick={() => onAsk({ what: 'add', organization })}>{words.addBelow}</Button>
            <Button onClick={() => onAsk({ what: 'rename', organization })}>{words.rename}</Button>
            <Button onClick={() => onAsk({ what: 'move', organization, without: withBelow(list, id) })}>
              {words.move}
            </Button>
            <Button danger onClick={() => onAsk({ what: 'archive', organization, without: withBelow(list, id) })}>
              {words.archive}
            </Button>
          </>
        )}
      </div>
    </section>
  )
}
