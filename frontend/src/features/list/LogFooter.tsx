import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { longMoment } from '../../lib/time/phrases'
import type { Log } from '../../model/log/useLog'

/** The end of the rows: more are on their way, could not be read, or that is all. */
export function LogFooter({ log, zone, now }: { log: Log; zone: string; now: number }) {
  const messages = useMessages()
  const { entries, hasMore, moreError, archivedBefore, retryMore } = log
  return (
    <div className="log-foot">
      {archivedBefore || moreError !== undefined ? (
        <>
          {archivedBefore
            ? messages.archiveAway(longMoment(Date.parse(archivedBefore), zone, messages, now))
            : messages.moreFailed(problemText(moreError))}
          <button type="button" className="link" onClick={retryMore}>
            {messages.retry}
          </button>
        </>
      ) : hasMore ? (
        messages.loadingMore
      ) : (
        messages.thatIsAll(entries.length)
      )}
    </div>
  )
}
