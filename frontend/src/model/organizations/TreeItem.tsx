import { useMessages } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import { Icon } from '../../ui/Icon'
import { Shown } from '../../ui/Shown'
import type { OrganizationNode } from './organizations'

interface Props {
  node: OrganizationNode
  /** Of the row. */
  index: number
  /** The position among its siblings. */
  place: { position: number; size: number } | undefined
  /** The height of the rows before it that are not drawn. */
  gap: number
  /** Undefined until counted. */
  count: number | undefined
  chosen: boolean
  open: boolean
  /** The Tab key leads to it. */
  isTabStop: boolean
  onChoose: () => void
  /** Opens or closes it. */
  onTurn: () => void
}

/** An organization in the tree. */
export function TreeItem({ node, index, place, gap, count, chosen, open, isTabStop, onChoose, onTurn }: Props) {
  const messages = useMessages()
  const { level, label, archived } = node
  const expandable = node.children.length > 0
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all its items
    <li
      role="treeitem"
      aria-level={level + 1}
      aria-expanded={expandable ? open : undefined}
      aria-selected={chosen}
      aria-posinset={place?.position}
      aria-setsize={place?.size}
      data-index={index}
      className={[chosen && 'chosen', count === 0 && 'zero'].filter(Boolean).join(' ')}
      style={{ paddingLeft: `min(${4 + level * 16}px, 40%)`, marginTop: gap }}
      tabIndex={isTabStop ? 0 : -1}
      onClick={onChoose}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the keys are the arrows */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
      <span
        className="twist"
        onClick={(event) => {
          event.stopPropagation()
          if (expandable) onTurn()
        }}
      >
        {expandable && <Icon name={open ? 'down' : 'right'} />}
      </span>
      <span className="name cut" title={visibleText(label)}>
        <Shown text={label} />
      </span>
      {archived && <em>{messages.archived}</em>}
      {count !== undefined && <span className="count">{messages.number(count)}</span>}
    </li>
  )
}
