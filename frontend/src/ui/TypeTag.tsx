import { useWords } from '../i18n/language'
import { visibleText } from '../lib/visible'
import { Icon, type IconName } from './Icon'
import { Shown } from './Shown'
import './tag.css'

type Group = 'destructive' | 'outward' | 'create' | 'change'

const icons: Record<Group, IconName> = {
  destructive: 'bin',
  outward: 'outward',
  create: 'plus',
  change: 'pencil',
}

interface Props {
  title: string
  group: Group
  /** That the tenant has added it to what is built in, in words: it is dashed, too. */
  added?: string | undefined
}

/** The type of an operation: icon and word always, colour besides for what destroys, leaves the house, or is new. */
export function TypeTag({ title, group, added }: Props) {
  return (
    <span className={`tag tag-${group}${added ? ' tag-added' : ''}`} title={visibleText(added ?? title)}>
      <Icon name={icons[group]} small />
      <span className="cut">
        <Shown text={title} />
      </span>
    </span>
  )
}

export function FailedMark() {
  const words = useWords()
  return (
    <span className="failed" title={words.failed}>
      <Icon name="alert" small />
      <span>{words.failed}</span>
    </span>
  )
}
