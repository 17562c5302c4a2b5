import { useQueries } from '@tanstack/react-query'
import { Link } from 'react-router'
import { administers, settingsPath } from '../admin/access'
import { call, tenantPath } from '../api/http'
import { keys } from '../api/keys'
import type { Preset, Summary } from '../api/types'
import { useWords } from '../i18n/language'
import { useSession } from '../session/session'
import { Button } from '../theme/Button'
import { shown } from '../theme/Shown'
import { activeFilters, type Filters, noFilters, presets, without, writeFilters } from './filters'
import { filterLabel, filterText, type NameOf } from './filterWords'
import { useSummary } from './queries'
import './chips.css'
import './empty.css'

interface Props {
  tenant: string
  filters: Filters
  summary: Summary | undefined
  zone: string
  nameOf: NameOf
  onFilters: (filters: Filters) => void
}

/** No row: says what was searched, and what each way out would give. */
export function EmptyState({ tenant, filters, summary, zone, nameOf, onFilters }: Props) {
  const words = useWords()
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
        queryKey: keys.summary(tenant, query),
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          call<Summary>(tenantPath(tenant, `summary?${query}`), { signal }),
      }
    }),
  })
  // The way that gives most first; a wider period is another kind of way, and stands last.
  const priced = ways
    .map((way, index) => ({ way, count: counts[index]?.data?.total }))
    .sort((a, b) => (a.way.name === 'wider' || b.way.name === 'wider' ? 0 : (b.count ?? 0) - (a.count ?? 0)))
  const everything = useSummary(tenant, noFilters, active.length === 0)
  const period = words.coveredText[filters.range ?? 'custom']

  if (active.length === 0 && everything.data?.total === 0)
    return (
      <div className="empty">
        <h2>{words.noneYet}</h2>
        {administers(session) ? (
          <p>
            {words.noneYetText}
            {words.gap()}
            <Link className="link" to={settingsPath(tenant, 'integration')}>
              {words.sendTest}
            </Link>
          </p>
        ) : (
          <p>{words.noneYetText}</p>
        )}
      </div>
    )
  return (
    <div className="empty">
      <h2>
        {active.length === 0
          ? words.noneInPeriod
          : active.length === 1
            ? words.noMatchOne
            : words.noMatch(active.length)}
      </h2>
      {active.length > 0 && (
        <p>
          {words.searchCovered(period)}
          {words.gap()}
          {words.takeOneAway}
        </p>
      )}
      <ul className={counts.some((count) => count.isPending) ? 'empty-counting' : undefined}>
        {priced.map(({ way, count }) => {
          const isWider = way.name === 'wider'
          return (
            <li key={way.name}>
              <span className="chip-label">{words.chip(filterLabel(isWider ? 'period' : way.name, words))}</span>
              <span className="cut">
                {shown(
                  isWider
                    ? words.rangeInText[filters.range ?? 'custom']
                    : way.name === 'q'
                      ? `“${filters.q.trim()}”`
                      : filterText(way.name, filters, nameOf, summary, zone, words),
                )}
              </span>
              <span className="empty-count">
                {count === undefined
                  ? ''
                  : isWider && wider
                    ? words.countIn(count, words.rangeInText[wider])
                    : words.operations(count)}
              </span>
              <Button size="small" onClick={() => onFilters(way.filters)}>
                {isWider && wider && wider !== 'today' ? words.widen[wider] : words.remove}
              </Button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function widerPreset(filters: Filters): Preset | undefined {
  if (!filters.range || filters.from || filters.to) return undefined
  return presets[presets.indexOf(filters.range) + 1]
}
