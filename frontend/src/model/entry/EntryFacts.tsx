import { type EntryMessages, useEntryMessages } from '../../i18n/entryMessages'
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
  /** The name of the recording key, with permission to see it. */
  keyName?: string | undefined
}

/** The user, source and time of an entry, as recorded; where the organization is today is added. */
export function EntryFacts({ entry, zone, organizations, keyName }: Props) {
  const messages = useEntryMessages()
  const instant = Date.parse(entry.time)
  const wall = wallTime(instant, zone)
  const failed = entry.outcome === 'failure'
  return (
    <dl className="facts">
      <div>
        <dt>{messages.user}</dt>
        <dd>
          <NameAndId name={entry.user.name} id={entry.user.id} />
        </dd>
      </div>
      <div>
        <dt>{messages.role}</dt>
        <dd>
          <Shown text={entry.user.role || '—'} />
        </dd>
      </div>
      {entry.organization && (
        <div className="facts-wide">
          <dt>{messages.organization}</dt>
          <dd>
            <Shown text={entry.organization.name || entry.organization.id || ''} />{' '}
            <Today entry={entry} organizations={organizations} />
          </dd>
        </div>
      )}
      <div>
        <dt>{messages.operationTime}</dt>
        <dd>
          {dateText(wall)} {clockText(wall)} <small>{offsetText(instant, zone)}</small>
        </dd>
      </div>
      <div>
        <dt>{messages.received}</dt>
        <dd>
          <Received entry={entry} zone={zone} />
        </dd>
      </div>
      <div>
        <dt>{messages.outcome}</dt>
        <dd className={failed ? 'facts-failure' : undefined}>{failed ? messages.failure : messages.success}</dd>
      </div>
      <Source entry={entry} />
      {entry.key && (
        <div>
          <dt>{messages.recordedBy}</dt>
          <dd>
            <NameAndId name={keyName || undefined} id={entry.key} />
          </dd>
        </div>
      )}
    </dl>
  )
}

function NameAndId({ name, id }: { name: string | undefined; id: string }) {
  return (
    <>
      {name !== undefined && (
        <>
          <Shown text={name} />{' '}
        </>
      )}
      <small className="mono">
        <Shown text={id} />
      </small>
    </>
  )
}

/** The address and the browser; nothing if neither was recorded. */
function Source({ entry: { ip = '', user_agent: agent = '' } }: { entry: Entry }) {
  const messages = useEntryMessages()
  if (!ip && !agent) return null
  return (
    <div>
      <dt>{messages.source}</dt>
      <dd className="facts-source" title={visibleText([ip, agent].filter(Boolean).join(' '))}>
        <Shown text={ip} />{' '}
        {agent && (
          <small>
            <Shown text={userAgentName(agent)} />
          </small>
        )}
      </dd>
    </div>
  )
}

function Today({ entry, organizations }: { entry: Entry; organizations: Organization[] | undefined }) {
  const messages = useEntryMessages()
  const id = entry.organization?.id
  const today = organizations?.find((one) => one.id === id)
  if (!today || !organizations || !id) return null
  if (today.archived) return <small>{messages.todayArchived}</small>
  const above = ancestors(organizations, id)[0]
  const renamed = today.name !== entry.organization?.name
  const parts = [renamed ? today.name : undefined, above?.name].filter((part) => part !== undefined)
  return above ? (
    <small>
      <Shown text={messages.todayUnder(parts.reverse().join(' / '))} />
    </small>
  ) : null
}

/** The time of arrival: only the clock when it is the same day, and how much later it was. */
function Received({ entry, zone }: { entry: Entry; zone: string }) {
  const messages = useEntryMessages()
  const instant = Date.parse(entry.received_at)
  const wall = wallTime(instant, zone)
  const sameDay = dateText(wall) === dateText(wallTime(Date.parse(entry.time), zone))
  const later = laterText((instant - Date.parse(entry.time)) / 1000, messages)
  return (
    <>
      {sameDay ? '' : `${dateText(wall)} `}
      {clockText(wall)}.{pad(instant % 1000, 3)} {later && <small className="facts-later">{later}</small>}
    </>
  )
}

function laterText(seconds: number, messages: EntryMessages): string | undefined {
  if (seconds < 0.05) return undefined
  if (seconds < 59.95) return messages.later(seconds.toFixed(1))
  if (seconds < 3600) return messages.minutesLater(Math.floor(seconds / 60))
  if (seconds < 86_400) return messages.hoursLater(Math.floor(seconds / 3600))
  return messages.daysLater(Math.floor(seconds / 86_400))
}
