import { Fragment } from 'react'
import { matchRanges, type SearchField, type searchTerms } from './matches'

export type Terms = ReturnType<typeof searchTerms>

/** A text with what the search found in it marked. */
export function Marked({ text, terms, field }: { text: string; terms: Terms; field: SearchField }) {
  const ranges = terms.length ? matchRanges(text, terms, field) : []
  if (ranges.length === 0) return text
  return ranges.map(([start, end], index) => (
    <Fragment key={start}>
      {text.slice(ranges[index - 1]?.[1] ?? 0, start)}
      <mark>{text.slice(start, end)}</mark>
      {index === ranges.length - 1 && text.slice(end)}
    </Fragment>
  ))
}
