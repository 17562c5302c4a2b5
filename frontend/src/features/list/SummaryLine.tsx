import { type ReactNode, useRef } from 'react'
import { useMessages } from '../../i18n/language'
import type { Summary } from '../../model/api/types'
import type { Filters } from '../../model/log/filters'
import { periodText } from '../../model/log/filterTexts'
import { useStale } from '../../model/log/useStale'
import { preloadable } from '../../ui/hooks/preload'
import { LazyBoundary } from '../../ui/LazyBoundary'
import { shown } from '../../ui/Shown'
import '../../ui/log.css'

const StalePeriod = preloadable(() => import('./StalePeriod'))

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
  const stale = useStale()
  const within = scope && messages.andBelow(scope)
  return (
    <div className="summary-line">
      <p ref={text} role="status" tabIndex={-1}>
        {summary && (
          <>
            <b>{messages.operationsTotal(summary.total)}</b>
            {stale ? (
              <LazyBoundary>
                <StalePeriod {...{ summary, filters, stale, zone, now }} scope={within} />
              </LazyBoundary>
            ) : (
              shown(messages.summaryRest(periodText(filters, summary, zone, messages, now), within))
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
