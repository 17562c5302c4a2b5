import { useIgnoredWords } from '../../i18n/ignoredWords'
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

/** Names the parameters of a link or a saved view that are ignored, and what is shown instead. */
export default function IgnoredNotice({ ignored, source, period, onClose }: Props) {
  const words = useIgnoredWords()
  const parameters = words.listJoin(ignored.map(({ name, value }) => visibleText(`${short(name)}=${short(value)}`)))
  const instead = ignored.some(isOfPeriod) ? period && words.periodInstead(period) : words.notFiltered(ignored.length)
  return (
    <Notice kind="note" {...(onClose ? { action: words.close, onAction: onClose } : {})}>
      {words.ignored(source, parameters, ignored.length)}
      {instead && words.gap() + instead}
    </Notice>
  )
}

const longest = 60

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
