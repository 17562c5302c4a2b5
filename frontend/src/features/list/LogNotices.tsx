import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import type { Log } from '../../model/log/useLog'
import { Notice } from '../../ui/Notice'

/** How the reading of the log goes, where it does not simply go well. */
export function LogNotices({ log }: { log: Log }) {
  const messages = useMessages()
  const { error, uncounted, verySlow, cancelled, refresh, cancel } = log
  return (
    <>
      {error !== undefined && (
        <Notice kind="error" action={messages.retry} onAction={refresh}>
          {(uncounted ? messages.couldNotCount : messages.couldNotRead)(problemText(error))}
        </Notice>
      )}
      {verySlow && (
        <Notice kind="note" action={messages.cancel} onAction={cancel}>
          {messages.stillSearching}
        </Notice>
      )}
      {cancelled && (
        <Notice kind="note" action={messages.retry} onAction={refresh}>
          {messages.searchCancelled}
        </Notice>
      )}
    </>
  )
}
