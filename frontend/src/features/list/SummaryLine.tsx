import { type ReactNode, useRef } from 'react'
import { useMessages } from '../../i18n/language'
import type { Summary } from '../../model/api/types'
import type { Filters } from '../../model/log/filters'
import { periodText } from '../../model/log/filterTexts'
import { shown } from '../../ui/Shown'
import '../../ui/log.css'

interface Props {
  summary: Summary | undefined
  filters: Filters
  zone: string
  now: number
  /** The organization that is chosen, by name. */
  scope: string | undefined
  /** Fixes the period; undefined where it is fixed. */
  onFreeze: (() => void) | undefined
  /** The controls of the table, at the end of the line. */
  children: ReactNode
}

/** Describes the rows in one line: the exact total, the period, the organization. Announced when the response arrives. */
export function SummaryLine({ summary, filters, zone, now, scope, onFreeze, children }: Props) {
  const messages = useMessages()
  const text = useRef<HTMLParagraphElement>(null)
  return (
    <div className="summary-line">
      <p ref={text} role="status" tabIndex={-1}>
        {summary && (
          <>
            <b>{messages.operationsTotal(summary.total)}</b>
            {shown(
              messages.summaryRest(
                periodText(filters, summary, zone, messages, now),
                scope && messages.andBelow(scope),
              ),
            )}
          </>
        )}
      </p>
      {summary && onFreeze && (
        <button
          type="button"
          className="text-button"
          title={messages.freezeHint}
          onClick={() => {
            onFreeze()
            text.current?.focus() // this button goes away
          }}
        >
          {messages.freeze}
        </button>
      )}
      <span className="grow" />
      {children}
    </div>
  )
}
