import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'
import { momentOf } from '../../lib/time/moment'
import type { Stale } from '../../model/log/useStale'
import { Notice } from '../../ui/Notice'

/** Says until when the data of an export goes while the nodes have no quorum, and that a new one cannot start. */
export function StaleNote({ of, zone }: { of: Stale; zone: string }) {
  const messages = useReadOnlyMessages()
  return (
    <Notice kind="note">
      {of.since ? messages.dataUntil(momentOf(Date.parse(of.since), Date.now(), zone)) : messages.asOfUnknown}
      {messages.gap()}
      {messages.exportLater}
    </Notice>
  )
}
