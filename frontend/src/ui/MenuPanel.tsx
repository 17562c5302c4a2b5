import { Menu } from '@base-ui/react/menu'
import { useState } from 'react'
import type { MenuItem } from './Menu'
import { useFocusBack, withinAnchor } from './popupFocus'
import { shown } from './Shown'
import './floating.css'
import './menu.css'

interface Props {
  label: string
  items: MenuItem[][]
  align: 'start' | 'end'
  onClose: () => void
}

/** The items of Menu, which are loaded apart from its button. */
export default function MenuPanel(props: Props) {
  const [place, setPlace] = useState<HTMLElement | null>(null)
  return <span ref={setPlace}>{place && <Panel place={place} {...props} />}</span>
}

function Panel({ place, label, items, align, onClose }: Props & { place: HTMLElement }) {
  const anchor = place.parentElement
  const { finalFocus, leave } = useFocusBack(anchor)
  return (
    <Menu.Root
      open
      modal={false}
      onOpenChange={(_, details) => {
        if (withinAnchor(anchor, details.event)) details.cancel()
        else onClose()
      }}
    >
      <Menu.Portal container={place}>
        <Menu.Positioner className="floating-layer" anchor={anchor} align={align} sideOffset={4} collisionPadding={8}>
          <Menu.Popup
            ref={focusItem}
            className="floating menu"
            data-popup
            aria-label={label}
            finalFocus={finalFocus}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' && event.key !== 'Tab') return
              event.stopPropagation()
              leave() // Tab continues from there
              onClose()
            }}
          >
            {items.map((group) => (
              <Menu.Group key={group[0]?.key} className="menu-group">
                {group.map(({ key, label, selected, onChoose }) => (
                  <Menu.Item
                    key={key}
                    className="menu-item"
                    disabled={!onChoose}
                    aria-current={selected || undefined}
                    onClick={onChoose}
                  >
                    {shown(label)}
                  </Menu.Item>
                ))}
              </Menu.Group>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** Gives the focus to the item that is on, or the first, once they are drawn, whatever opened the menu. */
function focusItem(popup: HTMLElement | null) {
  requestAnimationFrame(() => {
    const items = popup?.querySelectorAll<HTMLElement>('[role=menuitem]:not([aria-disabled=true])') ?? []
    const item = [...items].find((one) => one.ariaCurrent) ?? items[0]
    item?.focus({ preventScroll: true })
  })
}
