import { type Span, spanTexts } from '../time/utcDays'
import { useAdminWords } from './words'

/** A period as UTC has it, and as a zone has it, a line each. */
export function DaySpan({ span, zone }: { span: Span; zone: string }) {
  const words = useAdminWords().retention
  return spanTexts(span, zone, words.span).map((text) => <small key={text}>{text}</small>)
}
