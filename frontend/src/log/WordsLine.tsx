import type { ReactNode } from 'react'
import type { Summary } from '../api/types'
import { useWords } from '../i18n/language'
import { shown } from '../theme/Shown'
import type { Filters } from './filters'
import { periodText } from './filterWords'
import './log.css'

interface Props {
  summary: Summary | undefined
  filters: Filters
  zone: string
  now: number
  /** The organization that is chosen, by name. */
  scope: string | undefined
  /** The controls of the table, at the end of the line. */
  children: ReactNode
}

/** What is on screen, in words: the exact total, the period, the organization. Spoken once the answer is there. */
export function WordsLine({ summary, filters, zone, now, scope, children }: Props) {
  const words = useWords()
  return (
    <div className="words">
      <p role="status">
        {summary && (
          <>
            <b>{words.operationsTotal(summary.total)}</b>
            {shown(words.wordsRest(periodText(filters, summary, zone, words, now), scope && words.andBelow(scope)))}
          </>
        )}
      </p>
      <span className="grow" />
      {children}
    </div>
  )
}
