import { useIgnoredMessages } from '../../i18n/ignoredMessages'
import { visibleText } from '../../lib/visible'
import { Notice } from '../../ui/Notice'
import { type Ignored, isOfPeriod, type Source } from './filters'

interface Props {
  ignored: Ignored[]
  source: Source
  /** The period on screen, once known. */
  period: string | undefined
  /** Left out: it stays as long as the parameters are in the URL. */
  onClose?: () => void
}

/** Names the parameters of a link or a saved view that are ignored, and the period shown instead. */
export default function IgnoredNotice({ ignored, source, period, onClose }: Props) {
  const messages = useIgnoredMessages()
  const parameters = messages.listJoin(ignored.map(({ name, value }) => visibleText(`${short(name)}=${short(value)}`)))
  const instead = ignored.some(isOfPeriod)
    ? period && messages.periodInstead(period)
    : messages.notFiltered(ignored.length)
  return (
    <Notice kind="note" {...(onClose ? { action: messages.close, onAction: onClose } : {})}>
      {messages.ignored(source, parameters, ignored.length)}
      {instead && messages.gap() + instead}
    </Notice>
  )
}

const longest = 60

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
