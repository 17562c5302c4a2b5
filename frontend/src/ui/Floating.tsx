import { type KeyboardEvent as ReactKeyboardEvent, type ReactNode, useEffect, useEffectEvent, useRef } from 'react'

interface Props {
  label: string
  role?: 'dialog' | 'menu'
  align?: 'start' | 'end'
  onClose: () => void
  onKeyDown?: (event: ReactKeyboardEvent<HTMLElement>) => void
  children: ReactNode
}

/** A small panel under the control that opened it. Escape or a press elsewhere closes it; the focus goes back. */
export function Floating({ label, role = 'dialog', align = 'start', onClose, onKeyDown, children }: Props) {
  const panel = useRef<HTMLDivElement>(null)
  const close = useEffectEvent(onClose)

  useEffect(() => {
    const opener = document.activeElement
    const anchor = panel.current?.parentElement
    // What is still being loaded has no field yet: the panel itself takes the focus, so that its keys work at once.
    const current = panel.current?.querySelector<HTMLElement>('[role=menuitem][aria-current]')
    const first = current ?? panel.current?.querySelector<HTMLElement>('input, button') ?? panel.current
    first?.focus()
    const press = (event: PointerEvent) => {
      if (event.target instanceof Node && event.target.isConnected && !anchor?.contains(event.target)) close()
    }
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      close()
    }
    // A key that leads elsewhere, like the one to the search box, leaves it as a press does.
    const leave = (event: FocusEvent) => {
      if (event.target instanceof Node && event.target !== document.body && !anchor?.contains(event.target)) close()
    }
    document.addEventListener('pointerdown', press)
    document.addEventListener('focusin', leave)
    panel.current?.addEventListener('keydown', key)
    return () => {
      document.removeEventListener('pointerdown', press)
      document.removeEventListener('focusin', leave)
      // Only where the focus would be lost: a press elsewhere has already moved it.
      if (document.activeElement !== document.body || !(opener instanceof HTMLElement)) return
      if (opener.isConnected) opener.focus()
      else anchor?.querySelector('button')?.focus() // what opened it has gone, as a chip does with its filter
    }
  }, [])

  return (
    <div
      ref={panel}
      role={role}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      className={`floating floating-${align}`}
    >
      {children}
    </div>
  )
}
