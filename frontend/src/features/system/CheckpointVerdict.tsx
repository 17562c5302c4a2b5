import { useAdminMessages } from '../../i18n/adminMessages'
import { useEntryMessages } from '../../i18n/entryMessages'
import { useCheckpointResult } from '../../model/entry/useCheckpointResult'
import { MismatchLine, UncheckedLine, VerdictLine } from '../../model/entry/VerdictLine'

/** Whether this browser trusts a checkpoint: its signature, its log, and that it continues what was seen of the log here. */
export function CheckpointVerdict({ tenant, checkpoint }: { tenant: string; checkpoint: string }) {
  const messages = useEntryMessages()
  const { checkpointHolds, checkpointBroken } = useAdminMessages().system
  const { verdict, keyError, retry, trust } = useCheckpointResult(tenant, checkpoint)
  if (verdict?.state === 'holds') return <VerdictLine kind="proven">{checkpointHolds}</VerdictLine>
  if (verdict?.state === 'mismatch')
    return <MismatchLine title={checkpointBroken} reason={verdict.reason} onTrust={trust} />
  if (!verdict && !keyError) return <VerdictLine kind="neutral">{messages.checking}</VerdictLine>
  return <UncheckedLine reason={verdict?.reason ?? 'key'} onRetry={retry} />
}
