import { useQueries } from '@tanstack/react-query'
import { Link } from 'react-router'
import type { emptyEn } from '../../i18n/empty.en'
import { useEmptyMessages } from '../../i18n/emptyMessages'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Organization, Preset, Summary } from '../../model/api/types'
import { activeFilters, type Filters, noFilters, without, writeFilters } from '../../model/log/filters'
import { fieldLabel, filterLabel, filterText, type NameOf } from '../../model/log/filterTexts'
import { useSummary } from '../../model/log/queries'
import { administers, settingsPath } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { shown } from '../../ui/Shown'
import { suggestFilters } from './filterSuggestions'
import '../../ui/chips.css'
import '../../ui/empty.css'

interface Props {
  tenant: string
  filters: Filters
  summary: Summary | undefined
  organizations: Organization[] | undefined
  zone: string
  nameOf: NameOf
  onFilters: (filters: Filters) => void
}

/** Shown when no entry matches: says what was searched, and how many rows each broader search would give. */
export default function EmptyState({ tenant, filters, summary, organizations, zone, nameOf, onFilters }: Props) {
  const messages = useEmptyMessages()
  const session = useSession()
  const active = activeFilters(filters)
  const wider = widerPreset(filters)
  const ways = [
    ...active.map((name) => ({ name, filters: without(filters, name) })),
    ...(wider ? [{ name: 'wider' as const, filters: { ...filters, range: wider } }] : []),
  ]
  const counts = useQueries({
    queries: ways.map((way) => {
      const query = writeFilters(way.filters).toString()
      return {
        queryKey: queryKeys.summary(tenant, query),
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          call<Summary>(tenantPath(tenant, `summary?${query}`), { signal, action: 'page' }),
      }
    }),
  })
  // The search with the most rows comes first, the longer period last.
  const priced = ways
    .map((way, index) => ({ way, count: counts[index]?.data?.total }))
    .sort((a, b) => (a.way.name === 'wider' || b.way.name === 'wider' ? 0 : (b.count ?? 0) - (a.count ?? 0)))
  const everything = useSummary(tenant, noFilters, { enabled: active.length === 0 })
  const period = messages.coveredText[filters.range ?? 'custom']
  const withoutSearch = counts[active.indexOf('q')]?.data
  const instead = suggestFilters(filters, withoutSearch, organizations, (value) => nameOf('outcome', value))

  if (active.length === 0 && everything.data?.total === 0)
    return (
      <div className="empty">
        <h2>{messages.noneYet}</h2>
        {administers(session) ? (
          <p>
            {messages.noneYetText}
            {messages.gap()}
            <Link className="link" to={settingsPath(tenant, 'integration')}>
              {messages.sendTest}
            </Link>
          </p>
        ) : (
          <p>{messages.noneYetText}</p>
        )}
      </div>
    )
  const counting = counts.some((count) => count.isPending)
  return (
    <div className="empty">
      <h2>
        {active.length === 0
          ? messages.noneInPeriod
          : active.length === 1
            ? messages.noMatchOne
            : messages.noMatch(active.length)}
      </h2>
      {active.length > 0 && <p>{messages.searchCovered(period)}</p>}
      {active.includes('q') && <p>{messages.notSearched}</p>}
      <ul className={counting ? 'empty-counting' : undefined}>
        {instead.map((way) => (
          <li key={`${way.field} ${way.value}`}>
            <span className="chip-label">{messages.chip(fieldLabel(way.field, messages))}</span>
            <span className="cut">{shown(way.title)}</span>
            <span className="empty-count">{way.count === undefined ? '' : messages.operations(way.count)}</span>
            <Button size="small" onClick={() => onFilters(way.filters)}>
              {messages.filterInstead}
            </Button>
          </li>
        ))}
      </ul>
      {active.length > 0 && <p>{messages.takeOneAway}</p>}
      <ul className={counting ? 'empty-counting' : undefined}>
        {priced.map(({ way, count }) => {
          const isWider = way.name === 'wider'
          return (
            <li key={way.name}>
              <span className="chip-label">{messages.chip(filterLabel(isWider ? 'period' : way.name, messages))}</span>
              <span className="cut">
                {shown(
                  isWider
                    ? messages.rangeInText[filters.range ?? 'custom']
                    : way.name === 'q'
                      ? `“${filters.q.trim()}”`
                      : filterText(way.name, filters, nameOf, summary, zone, messages),
                )}
              </span>
              <span className="empty-count">
                {count === undefined
                  ? ''
                  : isWider && wider
                    ? messages.countIn(count, messages.rangeInText[wider])
                    : messages.operations(count)}
              </span>
              <Button size="small" onClick={() => onFilters(way.filters)}>
                {isWider && wider ? messages.widen[wider] : messages.remove}
              </Button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** The shortest preset to now that holds another one whole. */
const wider: Partial<Record<Preset, keyof typeof emptyEn.widen>> = {
  today: 'last_7_days',
  yesterday: 'last_7_days',
  last_7_days: 'last_30_days',
  last_week: 'last_30_days',
  last_30_days: 'last_90_days',
  this_month: 'last_90_days',
  last_month: 'last_90_days',
}

function widerPreset(filters: Filters): keyof typeof emptyEn.widen | undefined {
  return filters.range && !filters.from && !filters.to ? wider[filters.range] : undefined
}
