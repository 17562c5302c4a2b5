import { type ReactNode, useRef } from 'react'
import { useWords } from '../../i18n/language'
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

/** What is on screen, in words: the exact total, the period, the organization. Spoken once the answer is there. */
export function SummaryLine({ summary, filters, zone, now, scope, onFreeze, children }: Props) {
  const words = useWords()
  const text = useRef<HTMLParagraphElement>(null)
  return (
    <div className="words">
      <p ref={text} role="status" tabIndex={-1}>
        {summary && (
          <>
            <b>{words.operationsTotal(summary.total)}</b>
            {shown(words.wordsRest(periodText(filters, summary, zone, words, now), scope && words.andBelow(scope)))}
          </>
        )}
      </p>
      {summary && onFreeze && (
        <button
          type="button"
          className="text-button"
          title={words.freezeHint}
          onClick={() => {
            onFreeze()
            text.current?.focus() // this button goes away
          }}
        >
          {words.freeze}
        </button>
      )}
      <span className="grow" />
      {children}
    </div>
  )
}
