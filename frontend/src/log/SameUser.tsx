import { Link } from 'react-router'
import type { Entry, Tenant } from '../api/types'
import { useWords } from '../i18n/language'
import { Shown } from '../theme/Shown'
import { entryAddress, entryName } from './entryAddress'
import { type Filters, noFilters, writeFilters } from './filters'
import { useSummary } from './queries'

/** The way to what the same user did in this period. */
export function SameUser({ entry, tenant, filters }: { entry: Entry; tenant: Tenant; filters: Filters }) {
  const words = useWords()
  const ofUser: Filters = {
    ...noFilters,
    user: [entry.user.id],
    range: filters.range,
    from: filters.from,
    to: filters.to,
  }
  const { data, isPlaceholderData } = useSummary(tenant.id, ofUser, { act: 'opened' })
  if (!data || isPlaceholderData) return null
  return (
    <div className="drawer-head drawer-same">
      <h3>{words.sameUser}</h3>
      <Link className="link" to={entryAddress(tenant.id, entryName(entry), writeFilters(ofUser).toString())}>
        <Shown text={words.sameUserCount(data.total, entry.user.name)} />
      </Link>
    </div>
  )
}
