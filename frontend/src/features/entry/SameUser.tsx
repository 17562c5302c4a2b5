import { Link } from 'react-router'
import { useEntryMessages } from '../../i18n/entryMessages'
import { problemText } from '../../lib/problem'
import type { Entry, Tenant } from '../../model/api/types'
import { entryAddress, entryName } from '../../model/log/entryAddress'
import { type Filters, noFilters, writeFilters } from '../../model/log/filters'
import { useSummary } from '../../model/log/queries'
import { Shown } from '../../ui/Shown'

/** A link to the operations of the same user in this period. */
export function SameUser({ entry, tenant, filters }: { entry: Entry; tenant: Tenant; filters: Filters }) {
  const messages = useEntryMessages()
  const ofUser: Filters = {
    ...noFilters,
    user: [entry.user.id],
    range: filters.range,
    from: filters.from,
    to: filters.to,
  }
  const { data, error, isPlaceholderData } = useSummary(tenant.id, ofUser, { action: 'opened' })
  if (error)
    return (
      <>
        <h3>{messages.sameUser}</h3>
        <p className="history-note">
          <Shown text={messages.sameUserFailed(problemText(error))} />
        </p>
      </>
    )
  if (!data || isPlaceholderData) return null
  return (
    <div className="drawer-head drawer-same">
      <h3>{messages.sameUser}</h3>
      <Link className="link" to={entryAddress(tenant.id, entryName(entry), writeFilters(ofUser).toString())}>
        <Shown text={messages.sameUserCount(data.total, entry.user.name)} />
      </Link>
    </div>
  )
}
