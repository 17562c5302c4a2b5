import { type ReactNode, useEffect, useRef } from 'react'

interface Props {
  label: string
  align?: 'start' | 'end'
  onClose: () => void
  children: ReactNode
}

/** A small panel under the control that opened it. Escape or a press elsewhere closes it; the focus goes back. */
export function Floating({ label, align = 'start', onClose, children }: Props) {
  const panel = useRef<HTMLDivElement>(null)
  const close = useRef(onClose)
  close.current = onClose

  useEffect(() => {
    const opener = document.activeElement
    const anchor = panel.current?.parentElement
    panel.current?.querySelector<HTMLElement>('input, button')?.focus()
    const press = (event: PointerEvent) => {
      if (event.target instanceof Node && event.target.isConnected && !anchor?.contains(event.target)) close.current()
    }
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      close.current()
    }
    document.addEventListener('pointerdown', press)
    panel.current?.addEventListener('keydown', key)
    return () => {
      document.removeEventListener('pointerdown', press)
      // Only where the focus would be lost: a press elsewhere has already moved it.
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus()
    }
  }, [])

  return (
    <div ref={panel} role="dialog" aria-label={label} className={`floating floating-${align}`}>
      {children}
    </div>
  )
}
