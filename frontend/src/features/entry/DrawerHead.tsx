import { useEntryMessages } from '../../i18n/entryMessages'
import { visibleText } from '../../lib/visible'
import type { Entry } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import type { IconName } from '../../ui/Icon'
import { IconButton } from '../../ui/IconButton'
import { Shown } from '../../ui/Shown'
import { FailedMark, TypeTag } from '../../ui/TypeTag'

interface Props {
  /** Undefined until it is read. */
  entry: Entry | undefined
  titles: Titles
  /** The entry's position in the list; undefined if it was opened by link and is not in the list. */
  position: { index: number; total: number } | undefined
  previous: Entry | undefined
  next: Entry | undefined
  onOpen: (entry: Entry) => void
  onClose: () => void
  onCopy: (text: string, said?: string) => void
}

/** The head of the drawer: which operation it was, its position in the list, and the buttons. */
export function DrawerHead({ entry, titles, position, previous, next, onOpen, onClose, onCopy }: Props) {
  const messages = useEntryMessages()
  return (
    <header>
      {entry && (
        <span className="drawer-what">
          <TypeTag title={titles.operation(entry.operation)} group={titles.group(entry.operation)} />
          {entry.outcome === 'failure' && <FailedMark />}
          <span className="drawer-module cut" title={visibleText(titles.module(entry.module))}>
            <Shown text={titles.module(entry.module)} />
          </span>
        </span>
      )}
      <span className="grow" />
      {position && <span className="drawer-position">{messages.position(position.index, position.total)}</span>}
      {position && (
        <>
          <HeadButton
            label={messages.previousEntry}
            icon="up"
            disabled={!previous}
            onClick={() => previous && onOpen(previous)}
          />
          <HeadButton label={messages.nextEntry} icon="down" disabled={!next} onClick={() => next && onOpen(next)} />
        </>
      )}
      <HeadButton
        label={messages.copyEntryLink}
        icon="link"
        onClick={() => onCopy(window.location.href, messages.linkCopied)}
      />
      <HeadButton label={messages.closeEntry} icon="close" onClick={onClose} />
    </header>
  )
}

interface HeadButtonProps {
  label: string
  icon: IconName
  disabled?: boolean
  onClick: () => void
}

/** A button that keeps the focus if it becomes disabled, at the end of the list. */
function HeadButton({ label, icon, disabled, onClick }: HeadButtonProps) {
  return <IconButton label={label} icon={icon} aria-disabled={disabled} onClick={disabled ? undefined : onClick} />
}
