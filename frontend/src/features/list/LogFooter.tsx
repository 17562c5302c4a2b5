import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import type { Log } from '../../model/log/useLog'

/** The end of the rows: more are on their way, could not be read, or that is all. */
export function LogFooter({ log }: { log: Log }) {
  const messages = useMessages()
  const { entries, hasMore, moreError, retryMore } = log
  return (
    <div className="log-foot">
      {moreError !== undefined ? (
        <>
          {messages.moreFailed(problemText(moreError))}
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
