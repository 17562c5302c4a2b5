import { Fragment } from 'react'
import { type EntryWords, useEntryWords } from '../../i18n/entryWords'
import { exactTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import { Icon, type IconName } from '../../ui/Icon'
import type { ProvenEntry, Witness } from '../api/types'
import { delayOf } from './delay'
import { useProofResult } from './useProofResult'

interface Props {
  entry: ProvenEntry
  tenant: string
  zone: string
  onCopy: (text: string) => void
}

/** What this browser found when it recomputed the proof of the entry, and the witnesses that do not confirm the log. */
export function ProofLine(props: Props) {
  const { failing, ...result } = useProofResult(props.entry, props.tenant)
  return (
    <>
      <Verdict {...props} {...result} />
      {failing.map((witness) => (
        <WitnessLine key={witness.key} witness={witness} zone={props.zone} />
      ))}
    </>
  )
}

type Result = Omit<ReturnType<typeof useProofResult>, 'failing'>

/** Green only after the check. */
function Verdict({ entry, zone, onCopy, verdict, keyError, retry, trust }: Props & Result) {
  const words = useEntryWords()
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
        {verdict.witnesses.map(({ name, at }) => (
          <Fragment key={name}>
            {words.witnessed(visibleText(name), exactTime(at, zone))}
            {words.gap()}
          </Fragment>
        ))}
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
        {(verdict.reason === 'keyChanged' || verdict.reason === 'keyReplaced') && (
          <>
            {words.gap()}
            <button type="button" className="link" onClick={trust}>
              {words.trustKey}
            </button>
          </>
        )}
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

/** A witness that refuses to confirm the log, or is silent. */
function WitnessLine({ witness, zone }: { witness: Witness; zone: string }) {
  const words = useEntryWords()
  const name = visibleText(witness.name)
  const since = witness.failing_since ? exactTime(witness.failing_since, zone) : undefined
  if (witness.state === 'refused')
    return (
      <Line kind="broken" icon="shieldBroken">
        <b>{words.witnessRefuses(name, since)}</b>
        {words.gap()}
        {words.witnessRefusesText}
      </Line>
    )
  return (
    <Line kind="neutral" icon="shieldOpen">
      {words.witnessSilent(name, since)}
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
