import type { ReactNode } from 'react'
import { useEntryMessages } from '../../i18n/entryMessages'
import { Icon, type IconName } from '../../ui/Icon'
import type { Doubt } from './proof'
import './verdict.css'

interface Props {
  kind: 'proven' | 'broken' | 'neutral'
  children: ReactNode
}

const icons: Record<Props['kind'], IconName> = { proven: 'shield', broken: 'shieldBroken', neutral: 'shieldOpen' }

/** The result of a check in this browser. It stays for all results, so that a change of it is announced. */
export function VerdictLine({ kind, children }: Props) {
  return (
    <div className={`proof proof-${kind}`} role="status">
      <Icon name={icons[kind]} />
      <span>{children}</span>
    </div>
  )
}

interface MismatchProps {
  title: string
  reason: Extract<Doubt, { state: 'mismatch' }>['reason']
  /** Trusts the log's key as it is now. */
  onTrust: () => void
  /** What else the reader can do. */
  children?: ReactNode
}

/** Why what was checked is not to be trusted. A key that has changed can be trusted from now on. */
export function MismatchText({ title, reason, onTrust, children }: MismatchProps) {
  const messages = useEntryMessages()
  return (
    <>
      <b>{title}</b>
      {messages.gap()}
      {messages.reasons[reason]}
      {children && messages.gap()}
      {children}
      {(reason === 'keyChanged' || reason === 'keyReplaced') && (
        <>
          {messages.gap()}
          <Action text={messages.trustKey} onClick={onTrust} />
        </>
      )}
    </>
  )
}

interface UncheckedProps {
  reason: Extract<Doubt, { state: 'unchecked' }>['reason']
  onRetry: () => void
}

/** Why nothing was checked, and the way to try again. */
export function UncheckedText({ reason, onRetry }: UncheckedProps) {
  const messages = useEntryMessages()
  return (
    <>
      {messages.notChecked(messages.reasons[reason])}
      {messages.gap()}
      <Action text={messages.retry} onClick={onRetry} />
    </>
  )
}

/** What the reader can do, within the line. */
export function Action({ text, onClick }: { text: string; onClick: () => void }) {
  return (
    <button type="button" className="link" onClick={onClick}>
      {text}
    </button>
  )
}
