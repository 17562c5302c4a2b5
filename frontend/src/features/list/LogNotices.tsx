import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { Notice } from '../../ui/Notice'

interface Props {
  error: unknown
  verySlow: boolean
  cancelled: boolean
  onRetry: () => void
  onCancel: () => void
}

/** How the reading of the log goes, where it does not simply go well. */
export function LogNotices({ error, verySlow, cancelled, onRetry, onCancel }: Props) {
  const messages = useMessages()
  return (
    <>
      {error !== undefined && (
        <Notice kind="error" action={messages.retry} onAction={onRetry}>
          {messages.couldNotRead(problemText(error))}
        </Notice>
      )}
      {verySlow && (
        <Notice kind="note" action={messages.cancel} onAction={onCancel}>
          {messages.stillSearching}
        </Notice>
      )}
      {cancelled && (
        <Notice kind="note" action={messages.retry} onAction={onRetry}>
          {messages.searchCancelled}
        </Notice>
      )}
    </>
  )
}
