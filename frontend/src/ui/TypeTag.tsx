import { useMessages } from '../i18n/language'
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
  /** Says that the tenant has added the operation type to the built-in ones; its border is dashed, too. */
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

/** Marks what failed; `text` says otherwise. */
export function FailedMark(props: { text?: string }) {
  const { failed } = useMessages()
  const text = props.text ?? failed
  return (
    <span className="failed" title={text}>
      <Icon name="alert" small />
      <span>{text}</span>
    </span>
  )
}
