import { useAdminMessages } from '../../i18n/adminMessages'
import { useEntryMessages } from '../../i18n/entryMessages'
import { useCheckpointResult } from '../../model/entry/useCheckpointResult'
import { VerdictLine } from '../../model/entry/VerdictLine'

/** Whether this browser trusts a checkpoint: its signature, its log, and that it continues what was seen of the log here. */
export function CheckpointVerdict({ tenant, checkpoint }: { tenant: string; checkpoint: string }) {
  const messages = useEntryMessages()
  const { checkpointHolds, checkpointBroken } = useAdminMessages().system
  const { verdict, keyError, retry, trust } = useCheckpointResult(tenant, checkpoint)
  if (verdict?.state === 'holds') return <VerdictLine kind="proven">{checkpointHolds}</VerdictLine>
  if (verdict?.state === 'mismatch')
    return (
      <VerdictLine kind="broken">
        <b>{checkpointBroken}</b>
        {messages.gap()}
        {messages.reasons[verdict.reason]}
        {(verdict.reason === 'keyChanged' || verdict.reason === 'keyReplaced') && (
          <>
            {messages.gap()}
            <button type="button" className="link" onClick={trust}>
              {messages.trustKey}
            </button>
          </>
        )}
      </VerdictLine>
    )
  if (!verdict && !keyError) return <VerdictLine kind="neutral">{messages.checking}</VerdictLine>
  return (
    <VerdictLine kind="neutral">
      {messages.notChecked(messages.reasons[verdict?.reason ?? 'key'])}
      {messages.gap()}
      <button type="button" className="link" onClick={retry}>
        {messages.retry}
      </button>
    </VerdictLine>
  )
}
