import { useQueries } from '@tanstack/react-query'
import { Link } from 'react-router'
import type { emptyEn } from '../../i18n/empty.en'
import { useEmptyMessages } from '../../i18n/emptyMessages'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Organization, Preset, Summary } from '../../model/api/types'
import { activeFilters, type FilterName, type Filters, noFilters, without, writeFilters } from '../../model/log/filters'
import { fieldLabel, filterLabel, filterText, type NameOf } from '../../model/log/filterTexts'
import { useSummary } from '../../model/log/queries'
import { administers, settingsPath } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { shown } from '../../ui/Shown'
import { suggestFilters } from './filterSuggestions'
import '../../ui/chips.css'
import '../../ui/empty.css'

type Messages = ReturnType<typeof useEmptyMessages>

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
export default function EmptyState(props: Props) {
  const { tenant, filters, organizations, nameOf, onFilters } = props
  const messages = useEmptyMessages()
  const active = activeFilters(filters)
  const { ways, counting, summaryOf } = useWays(tenant, filters)
  const everything = useSummary(tenant, noFilters, { enabled: active.length === 0 })
  if (active.length === 0 && everything.data?.total === 0) return <NoneYet tenant={tenant} />

  const instead = suggestFilters(filters, summaryOf('q'), organizations, (value) => nameOf('outcome', value))
  return (
    <div className="empty">
      <h2>
        {active.length === 0
          ? messages.noneInPeriod
          : active.length === 1
            ? messages.noMatchOne
            : messages.noMatch(active.length)}
      </h2>
      {active.length > 0 && <p>{messages.searchCovered(messages.coveredText[filters.range ?? 'custom'])}</p>}
      {active.includes('q') && <p>{messages.notSearched}</p>}
      <ul className={counting ? 'empty-counting' : undefined}>
        {instead.map((way) => (
          <WayLine
            key={`${way.field} ${way.value}`}
            label={fieldLabel(way.field, messages)}
            text={way.title}
            count={way.count === undefined ? '' : messages.operations(way.count)}
            action={messages.filterInstead}
            onChoose={() => onFilters(way.filters)}
          />
        ))}
      </ul>
      {active.length > 0 && <p>{messages.takeOneAway}</p>}
      <ul className={counting ? 'empty-counting' : undefined}>
        {ways.map((way) => (
          <WayLine key={way.name} {...wayTexts(way, props, messages)} onChoose={() => onFilters(way.filters)} />
        ))}
      </ul>
    </div>
  )
}

/** A log without any entry; admins are led to the page that sends one. */
function NoneYet({ tenant }: { tenant: string }) {
  const messages = useEmptyMessages()
  const session = useSession()
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
}

/** A broader search: without one of the filters, or over a longer period. */
interface Way {
  name: FilterName | 'wider'
  filters: Filters
  /** How many rows it gives; undefined until counted. */
  count: number | undefined
}

/** The broader searches; the one with the most rows comes first, the longer period last. */
function useWays(tenant: string, filters: Filters) {
  const wider = widerPreset(filters)
  const ways: Omit<Way, 'count'>[] = activeFilters(filters).map((name) => ({ name, filters: without(filters, name) }))
  if (wider) ways.push({ name: 'wider', filters: { ...filters, range: wider } })
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
  return {
    ways: ways
      .map((way, index): Way => ({ ...way, count: counts[index]?.data?.total }))
      .sort((a, b) => (a.name === 'wider' || b.name === 'wider' ? 0 : (b.count ?? 0) - (a.count ?? 0))),
    counting: counts.some((count) => count.isPending),
    /** The summary of the search without a filter. */
    summaryOf: (name: FilterName) => counts[ways.findIndex((way) => way.name === name)]?.data,
  }
}

function wayTexts({ name, count }: Way, { filters, summary, zone, nameOf }: Props, messages: Messages) {
  const wider = name === 'wider' && widerPreset(filters)
  if (wider)
    return {
      label: filterLabel('period', messages),
      text: messages.rangeInText[filters.range ?? 'custom'],
      count: count === undefined ? '' : messages.countIn(count, messages.rangeInText[wider]),
      action: messages.widen[wider],
    }
  const filter = name === 'wider' ? 'period' : name
  return {
    label: filterLabel(filter, messages),
    text: filter === 'q' ? `“${filters.q.trim()}”` : filterText(filter, filters, nameOf, summary, zone, messages),
    count: count === undefined ? '' : messages.operations(count),
    action: messages.remove,
  }
}

interface WayLineProps {
  label: string
  text: string
  count: string
  action: string
  onChoose: () => void
}

function WayLine({ label, text, count, action, onChoose }: WayLineProps) {
  const messages = useEmptyMessages()
  return (
    <li>
      <span className="chip-label">{messages.chip(label)}</span>
      <span className="cut">{shown(text)}</span>
      <span className="empty-count">{count}</span>
      <Button size="small" onClick={onChoose}>
        {action}
      </Button>
    </li>
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
