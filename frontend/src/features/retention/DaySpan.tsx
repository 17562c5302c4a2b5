import { useAdminWords } from '../../i18n/adminWords'
import { type Span, spanTexts } from '../../lib/time/utcDays'

/** A period as UTC has it, and as a zone has it, a line each. */
export function DaySpan({ span, zone }: { span: Span; zone: string }) {
  const words = useAdminWords().retention
  return spanTexts(span, zone, words.span).map((text) => <small key={text}>{text}</small>)
}
