import { Popover } from '@base-ui/react/popover'
import { type ReactNode, useRef, useState } from 'react'
import { useFocusBack, withinAnchor } from './popupFocus'
import './floating.css'

interface Props {
  label: string
  align?: 'start' | 'end'
  onClose: () => void
  children: ReactNode
}

/**
 * A small panel below the control that opened it, to be drawn beside that control. Escape, a click elsewhere or Tab out of
 * it closes it; the focus returns unless it has been moved. It is not in the first load: its content loads with it, see
 * LazyBoundary.
 */
export function Floating(props: Props) {
  const [place, setPlace] = useState<HTMLElement | null>(null)
  return <span ref={setPlace}>{place && <Panel place={place} {...props} />}</span>
}

function Panel({ place, label, align = 'start', onClose, children }: Props & { place: HTMLElement }) {
  const anchor = place.parentElement
  const { finalFocus } = useFocusBack(anchor)
  const tabbing = useRef(false)
  return (
    <Popover.Root
      open
      onOpenChange={(_, details) => {
        if (withinAnchor(anchor, details.event)) details.cancel()
        else onClose()
      }}
    >
      <Popover.Portal container={place}>
        <Popover.Positioner
          className="floating-layer"
          anchor={anchor}
          align={align}
          sideOffset={4}
          collisionPadding={16}
        >
          <Popover.Popup
            className="floating"
            data-popup
            aria-label={label}
            initialFocus={() => place.querySelector<HTMLElement>('input, button')}
            finalFocus={finalFocus}
            onKeyUp={() => {
              tabbing.current = false
            }}
            onBlur={({ relatedTarget }) => {
              if (tabbing.current && relatedTarget && !place.contains(relatedTarget)) onClose()
            }}
            onKeyDown={(event) => {
              tabbing.current = event.key === 'Tab'
              if (event.key !== 'Escape') return
              event.stopPropagation()
              onClose()
            }}
          >
            {children}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
