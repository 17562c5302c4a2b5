import { useAdminWords } from '../../i18n/adminWords'
import { type Span, spanTexts } from '../../lib/time/utcDays'

/** A period in UTC and in a zone, one line each. */
export function DaySpan({ span, zone }: { span: Span; zone: string }) {
  const words = useAdminWords().retention
  return spanTexts(span, zone, words.span).map((text) => <small key={text}>{text}</small>)
}
