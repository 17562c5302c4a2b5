import { Link, useLocation } from 'react-router'
import { useEntryMessages } from '../../i18n/entryMessages'
import { problemText } from '../../lib/problem'
import { clockText, dateText, wallTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { Entry, Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { noFilters, writeFilters } from '../../model/log/filters'
import { useHistory } from '../../model/log/queries'
import { Shown } from '../../ui/Shown'
import { TypeTag } from '../../ui/TypeTag'

interface Props {
  entry: Entry
  tenant: Tenant
  titles: Titles
  onOpen: (entry: Entry) => void
}

const shownAtMost = 6

/** Other operations on the same content, newest first, of all time. */
export function ContentHistory({ entry, tenant, titles, onOpen }: Props) {
  const messages = useEntryMessages()
  const { pathname } = useLocation()
  const contentId = entry.content?.id
  const { data, error } = useHistory(tenant.id, contentId)
  if (contentId && !data && error)
    return (
      <>
        <h3>{messages.historyTitle}</h3>
        <p className="history-note">
          <Shown text={messages.historyFailed(problemText(error))} />
        </p>
      </>
    )
  if (!contentId || !data || data.entries.length === 0) return null

  const oldest = data.entries.at(-1)
  const log = pathname.slice(0, pathname.indexOf('/log') + 4)
  // From the oldest that is known: a period of the whole of it, whatever the one on screen is.
  const search = writeFilters({
    ...noFilters,
    contentId: [contentId],
    from: data.next_cursor ? '2000-01-01T00:00:00Z' : oldest?.time,
  })
  return (
    <>
      <div className="drawer-head">
        <h3>{messages.history(`${messages.number(data.entries.length)}${data.next_cursor ? '+' : ''}`)}</h3>
        <Link className="link" to={{ pathname: log, search: search.toString() }}>
          {messages.showInLog}
        </Link>
      </div>
      <ol className="history">
        {aroundEntry(data.entries, entry.seq).map((one) => (
          <HistoryLine
            key={one.seq}
            one={one}
            here={one.seq === entry.seq}
            zone={tenant.time_zone}
            titles={titles}
            onOpen={onOpen}
          />
        ))}
      </ol>
      {data.archive && <p className="history-note">{messages.olderArchived}</p>}
    </>
  )
}

/** A few lines, this entry among them. */
function aroundEntry(entries: Entry[], seq: number): Entry[] {
  const here = Math.max(
    0,
    entries.findIndex((one) => one.seq === seq),
  )
  const start = Math.max(0, Math.min(here - 2, entries.length - shownAtMost))
  return entries.slice(start, start + shownAtMost)
}

interface LineProps {
  one: Entry
  here: boolean
  zone: string
  titles: Titles
  onOpen: (entry: Entry) => void
}

function HistoryLine({ one, here, zone, titles, onOpen }: LineProps) {
  const messages = useEntryMessages()
  const wall = wallTime(Date.parse(one.time), zone)
  const sameYear = wall.year === wallTime(Date.now(), zone).year
  const time = `${sameYear ? dateText(wall).slice(5) : dateText(wall)} ${clockText(wall)}`
  return (
    <li className={here ? 'history-here' : undefined} aria-current={here ? 'true' : undefined}>
      {here ? (
        <span className="history-time">{time}</span>
      ) : (
        <button type="button" className="history-time link" onClick={() => onOpen(one)}>
          {time}
        </button>
      )}
      <span>
        <TypeTag title={titles.operation(one.operation)} group={titles.group(one.operation)} />
      </span>
      <span className="cut" title={visibleText(one.user.name)}>
        <Shown text={one.user.name} />
      </span>
      <span className="history-note">{here ? messages.thisEntry : ''}</span>
    </li>
  )
}
