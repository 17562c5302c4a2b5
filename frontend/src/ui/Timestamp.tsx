import { useMessages } from '../i18n/language'
import { relativeTime } from '../lib/time/phrases'
import { exactTime, offsetText } from '../lib/time/zone'

/** An exact time, and how long ago it is. */
export function Timestamp({ time, zone, ahead }: { time: string; zone: string; ahead?: boolean }) {
  const messages = useMessages()
  const instant = Date.parse(time)
  return (
    <time dateTime={time} title={`${time} UTC (${offsetText(instant, zone)})`} className="stack">
      <span>{exactTime(time, zone)}</span>
      {!ahead && <small>{relativeTime(instant, zone, messages, Date.now())}</small>}
    </time>
  )
}
