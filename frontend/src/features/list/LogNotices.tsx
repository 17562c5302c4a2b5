import { useWords } from '../../i18n/language'
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
  const words = useWords()
  return (
    <>
      {error !== undefined && (
        <Notice kind="error" action={words.retry} onAction={onRetry}>
          {words.couldNotRead(problemText(error))}
        </Notice>
      )}
      {verySlow && (
        <Notice kind="note" action={words.cancel} onAction={onCancel}>
          {words.stillSearching}
        </Notice>
      )}
      {cancelled && (
        <Notice kind="note" action={words.retry} onAction={onRetry}>
          {words.searchCancelled}
        </Notice>
      )}
    </>
  )
}
