import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'

interface Props {
  rows: number
  hasMore: boolean
  /** Why no more could be read. */
  error: unknown
  onRetry: () => void
}

/** The end of the rows: more are on their way, could not be read, or that is all. */
export function LogFooter({ rows, hasMore, error, onRetry }: Props) {
  const messages = useMessages()
  return (
    <div className="log-foot">
      {error !== undefined ? (
        <>
          {messages.moreFailed(problemText(error))}
          <button type="button" className="link" onClick={onRetry}>
            {messages.retry}
          </button>
        </>
      ) : hasMore ? (
        messages.loadingMore
      ) : (
        messages.thatIsAll(rows)
      )}
    </div>
  )
}
