import { useAdminMessages } from '../../i18n/adminMessages'
import { type Span, spanTexts } from '../../lib/time/utcDays'

/** A period in UTC and in a zone, one line each. */
export function DaySpan({ span, zone }: { span: Span; zone: string }) {
  const messages = useAdminMessages().retention
  return spanTexts(span, zone, messages.span).map((text) => <small key={text}>{text}</small>)
}
