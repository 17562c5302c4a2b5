import { type EntryWords, useEntryWords } from '../../i18n/entryWords'
import { exactTime } from '../../lib/time/zone'
import { Icon, type IconName } from '../../ui/Icon'
import type { ProvenEntry } from '../api/types'
import { delayOf } from './delay'
import { useProofResult } from './useProofResult'

interface Props {
  entry: ProvenEntry
  tenant: string
  zone: string
  onCopy: (text: string) => void
}

/** What this browser found when it recomputed the proof of the entry. Green only after the check. */
export function ProofLine({ entry, tenant, zone, onCopy }: Props) {
  const words = useEntryWords()
  const { verdict, keyError, retry } = useProofResult(entry, tenant)
  const copyLink = (label: string) => (
    <button
      type="button"
      className="link"
      onClick={() => onCopy(JSON.stringify({ id: entry.id, proof: entry.proof, verdict }, null, 2))}
    >
      {label}
    </button>
  )

  if (keyError)
    return (
      <Line kind="neutral" icon="shieldOpen">
        {words.notChecked(words.reasons.key)}
        {words.gap()}
        <button type="button" className="link" onClick={() => retry()}>
          {words.retry}
        </button>
      </Line>
    )
  if (!verdict)
    return (
      <Line kind="neutral" icon="shieldOpen">
        {words.checking}
      </Line>
    )
  if (verdict.state === 'proven')
    return (
      <Line kind="proven" icon="shield">
        <b>{words.proven}</b>
        {words.gap()}
        {sinceText(entry, zone, words)}
        {words.gap()}
        {words.provenText(entry.seq, verdict.size)}
        {words.gap()}
        {copyLink(words.copyProof)}
      </Line>
    )
  if (verdict.state === 'mismatch')
    return (
      <Line kind="broken" icon="shieldBroken">
        <b>{words.mismatch}</b>
        {words.gap()}
        {words.reasons[verdict.reason]}
        {words.gap()}
        {copyLink(words.copyDetails)}
      </Line>
    )
  return (
    <Line kind="neutral" icon="shieldOpen">
      {verdict.state === 'waiting' ? (
        words.waiting
      ) : (
        <>
          {words.notChecked(words.reasons[verdict.reason])}
          {words.gap()}
          <button type="button" className="link" onClick={() => retry()}>
            {words.retry}
          </button>
        </>
      )}
    </Line>
  )
}

function sinceText(entry: ProvenEntry, zone: string, words: EntryWords): string {
  const delay = delayOf(entry)
  const time = exactTime(entry.received_at, zone)
  return delay ? words.provenLate(time, delay) : words.provenSince(time)
}

function Line({ kind, icon, children }: { kind: string; icon: IconName; children: React.ReactNode }) {
  return (
    <div className={`proof proof-${kind}`} role="status">
      <Icon name={icon} />
      <span>{children}</span>
    </div>
  )
}
