import { useWords } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import { Notice } from '../../ui/Notice'
import { type Ignored, isOfPeriod } from './filters'

interface Props {
  ignored: Ignored[]
  /** The period on screen, once known. */
  period: string | undefined
  /** Left out: it stays as long as the parameters are in the URL. */
  onClose?: () => void
}

/** Names the parameters of a link that are ignored, and what is shown instead. */
export function IgnoredNotice({ ignored, period, onClose }: Props) {
  const words = useWords()
  const parameters = words.listJoin(ignored.map(({ name, value }) => visibleText(`${short(name)}=${short(value)}`)))
  const instead = ignored.some(isOfPeriod) ? period && words.periodInstead(period) : words.notFiltered(ignored.length)
  return (
    <Notice kind="note" {...(onClose ? { action: words.close, onAction: onClose } : {})}>
      {words.ignored(parameters, ignored.length)}
      {instead && words.gap() + instead}
    </Notice>
  )
}

const longest = 60

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
