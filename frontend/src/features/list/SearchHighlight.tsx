import { Parts } from '../../ui/Shown'
import { matchRanges, type SearchField, type searchTerms } from './searchMatches'

export type Terms = ReturnType<typeof searchTerms>

/** A text with what the search found in it marked. */
export function SearchHighlight({ text, terms, field }: { text: string; terms: Terms; field: SearchField }) {
  const ranges = terms.length ? matchRanges(text, terms, field) : []
  return (
    <Parts text={text} ranges={ranges.map(([start, end]) => ({ start, end }))} draw={(part) => <mark>{part}</mark>} />
  )
}
