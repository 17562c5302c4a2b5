import { Fragment } from 'react'
import { type EntryMessages, useEntryMessages } from '../../i18n/entryMessages'
import { exactTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { ProvenEntry, Witness } from '../api/types'
import { delayOf } from './delay'
import type { ProofResult } from './proof'
import { useProofResult } from './useProofResult'
import { Action, MismatchText, UncheckedText, VerdictLine } from './VerdictLine'

interface Props {
  entry: ProvenEntry
  tenant: string
  zone: string
  onCopy: (text: string) => void
}

/** The result of the proof, which this browser recomputes, and the witnesses that do not confirm the log. */
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
function Verdict(props: Props & Result) {
  const { verdict, keyError } = props
  const kind = keyError || !verdict ? 'neutral' : kinds[verdict.state]
  return (
    <VerdictLine kind={kind}>
      <VerdictText {...props} />
    </VerdictLine>
  )
}

const kinds = { proven: 'proven', mismatch: 'broken', waiting: 'neutral', unchecked: 'neutral' } as const

function VerdictText({ entry, zone, onCopy, verdict, keyError, retry, trust }: Props & Result) {
  const messages = useEntryMessages()
  const copy = () => onCopy(JSON.stringify({ id: entry.id, proof: entry.proof, verdict }, null, 2))
  if (keyError) return <UncheckedText reason="key" onRetry={retry} />
  if (!verdict) return messages.checking
  switch (verdict.state) {
    case 'proven':
      return <Proven entry={entry} zone={zone} verdict={verdict} onCopy={copy} />
    case 'mismatch':
      return (
        <MismatchText title={messages.mismatch} reason={verdict.reason} onTrust={trust}>
          <Action text={messages.copyDetails} onClick={copy} />
        </MismatchText>
      )
    case 'waiting':
      return messages.waiting
    case 'unchecked':
      return <UncheckedText reason={verdict.reason} onRetry={retry} />
  }
}

interface ProvenProps {
  entry: ProvenEntry
  zone: string
  verdict: Extract<ProofResult, { state: 'proven' }>
  onCopy: () => void
}

function Proven({ entry, zone, verdict, onCopy }: ProvenProps) {
  const messages = useEntryMessages()
  return (
    <>
      <b>{messages.proven}</b>
      {messages.gap()}
      {sinceText(entry, zone, messages)}
      {messages.gap()}
      {messages.provenText(entry.seq, verdict.size)}
      {messages.gap()}
      {verdict.witnesses.map(({ name, at }) => (
        <Fragment key={name}>
          {messages.witnessed(visibleText(name), exactTime(at, zone))}
          {messages.gap()}
        </Fragment>
      ))}
      <Action text={messages.copyProof} onClick={onCopy} />
    </>
  )
}

/** A witness that refuses to confirm the log, or is silent. */
function WitnessLine({ witness, zone }: { witness: Witness; zone: string }) {
  const messages = useEntryMessages()
  const name = visibleText(witness.name)
  const since = witness.failing_since ? exactTime(witness.failing_since, zone) : undefined
  if (witness.state === 'refused')
    return (
      <VerdictLine kind="broken">
        <b>{messages.witnessRefuses(name, since)}</b>
        {messages.gap()}
        {messages.witnessRefusesText}
      </VerdictLine>
    )
  return <VerdictLine kind="neutral">{messages.witnessSilent(name, since)}</VerdictLine>
}

function sinceText(entry: ProvenEntry, zone: string, messages: EntryMessages): string {
  const delay = delayOf(entry)
  const time = exactTime(entry.received_at, zone)
  return delay ? messages.provenLate(time, delay) : messages.provenSince(time)
}
