import { type EntryWords, useEntryWords } from '../../i18n/entryWords'
import { clockText, dateText, offsetText, pad, wallTime } from '../../lib/time/zone'
import { userAgentName } from '../../lib/userAgent'
import { visibleText } from '../../lib/visible'
import { Shown } from '../../ui/Shown'
import type { Entry, Organization } from '../api/types'
import { ancestors } from '../organizations/organizations'

interface Props {
  entry: Entry
  zone: string
  organizations: Organization[] | undefined
  /** The name of the key that recorded it, for those who may see it. */
  keyName?: string | undefined
}

/** Who did it, from where and when. The names are those recorded; where the organization is today is said as that. */
export function EntryFacts({ entry, zone, organizations, keyName }: Props) {
  const words = useEntryWords()
  const instant = Date.parse(entry.time)
  const wall = wallTime(instant, zone)
  return (
    <dl className="facts">
      <div>
        <dt>{words.user}</dt>
        <dd>
          <Shown text={entry.user.name} />{' '}
          <small className="mono">
            <Shown text={entry.user.id} />
          </small>
        </dd>
      </div>
      <div>
        <dt>{words.role}</dt>
        <dd>
          <Shown text={entry.user.role || '—'} />
        </dd>
      </div>
      {entry.organization && (
        <div className="facts-wide">
          <dt>{words.organization}</dt>
          <dd>
            <Shown text={entry.organization.name || entry.organization.id || ''} />{' '}
            <Today entry={entry} organizations={organizations} />
          </dd>
        </div>
      )}
      <div>
        <dt>{words.operationTime}</dt>
        <dd>
          {dateText(wall)} {clockText(wall)} <small>{offsetText(instant, zone)}</small>
        </dd>
      </div>
      <div>
        <dt>{words.received}</dt>
        <dd>
          <Received entry={entry} zone={zone} />
        </dd>
      </div>
      <div>
        <dt>{words.outcome}</dt>
        <dd className={entry.outcome === 'failure' ? 'facts-failure' : undefined}>
          {entry.outcome === 'failure' ? words.failure : words.success}
        </dd>
      </div>
      {(entry.ip || entry.user_agent) && (
        <div>
          <dt>{words.source}</dt>
          <dd className="facts-source" title={visibleText([entry.ip, entry.user_agent].filter(Boolean).join(' '))}>
            <Shown text={entry.ip ?? ''} />{' '}
            {entry.user_agent && (
              <small>
                <Shown text={userAgentName(entry.user_agent)} />
              </small>
            )}
          </dd>
        </div>
      )}
      {entry.key && (
        <div>
          <dt>{words.recordedBy}</dt>
          <dd>
            {keyName && (
              <>
                <Shown text={keyName} />{' '}
              </>
            )}
            <small className="mono">
              <Shown text={entry.key} />
            </small>
          </dd>
        </div>
      )}
    </dl>
  )
}

function Today({ entry, organizations }: { entry: Entry; organizations: Organization[] | undefined }) {
  const words = useEntryWords()
  const id = entry.organization?.id
  const today = organizations?.find((one) => one.id === id)
  if (!today || !organizations || !id) return null
  if (today.archived) return <small>{words.todayArchived}</small>
  const above = ancestors(organizations, id)[0]
  const renamed = today.name !== entry.organization?.name
  const parts = [renamed ? today.name : undefined, above?.name].filter((part) => part !== undefined)
  return above ? (
    <small>
      <Shown text={words.todayUnder(parts.reverse().join(' / '))} />
    </small>
  ) : null
}

/** The time of arrival: only the clock when it is the same day, and how much later it was. */
function Received({ entry, zone }: { entry: Entry; zone: string }) {
  const words = useEntryWords()
  const instant = Date.parse(entry.received_at)
  const wall = wallTime(instant, zone)
  const sameDay = dateText(wall) === dateText(wallTime(Date.parse(entry.time), zone))
  const later = laterText((instant - Date.parse(entry.time)) / 1000, words)
  return (
    <>
      {sameDay ? '' : `${dateText(wall)} `}
      {clockText(wall)}.{pad(instant % 1000, 3)} {later && <small className="facts-later">{later}</small>}
    </>
  )
}

function laterText(seconds: number, words: EntryWords): string | undefined {
  if (seconds < 0.05) return undefined
  if (seconds < 59.95) return words.later(seconds.toFixed(1))
  if (seconds < 3600) return words.minutesLater(Math.floor(seconds / 60))
  if (seconds < 86_400) return words.hoursLater(Math.floor(seconds / 3600))
  return words.daysLater(Math.floor(seconds / 86_400))
}
