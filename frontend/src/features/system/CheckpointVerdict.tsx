import { useAdminMessages } from '../../i18n/adminMessages'
import { useEntryMessages } from '../../i18n/entryMessages'
import { useCheckpointResult } from '../../model/entry/useCheckpointResult'
import { MismatchText, UncheckedText, VerdictLine } from '../../model/entry/VerdictLine'

/** Whether this browser trusts a checkpoint: its signature, its log, and that it continues what was seen of the log here. */
export function CheckpointVerdict({ tenant, checkpoint }: { tenant: string; checkpoint: string }) {
  const result = useCheckpointResult(tenant, checkpoint)
  const kinds = { holds: 'proven', mismatch: 'broken', unchecked: 'neutral' } as const
  return (
    <VerdictLine kind={result.verdict ? kinds[result.verdict.state] : 'neutral'}>
      <VerdictText {...result} />
    </VerdictLine>
  )
}

function VerdictText({ verdict, keyError, retry, trust }: ReturnType<typeof useCheckpointResult>) {
  const messages = useEntryMessages()
  const { checkpointHolds, checkpointBroken } = useAdminMessages().system
  if (verdict?.state === 'holds') return checkpointHolds
  if (verdict?.state === 'mismatch')
    return <MismatchText title={checkpointBroken} reason={verdict.reason} onTrust={trust} />
  if (!verdict && !keyError) return messages.checking
  return <UncheckedText reason={verdict?.reason ?? 'key'} onRetry={retry} />
}
