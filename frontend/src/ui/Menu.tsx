import { type ReactNode, useState } from 'react'
import { preloadable } from './hooks/preload'
import { LazyBoundary } from './LazyBoundary'
import './popup.css'

const MenuPanel = preloadable(() => import('./MenuPanel'))

export interface MenuItem {
  key: string
  label: ReactNode
  /** Whether the item is the current choice. */
  selected?: boolean
  /** Without it the item is plain text. */
  onChoose?: () => void
}

interface Props {
  /** Groups of items, a rule between two. */
  items: MenuItem[][]
  label: string
  className: string
  align?: 'start' | 'end'
  /** The label is only for assistive technology, since the button shows an icon. */
  silent?: boolean
  title?: string
  /** The content of the button. */
  children: ReactNode
}

/** A button that opens a menu: the arrow keys move in it, Enter chooses, Escape and Tab close it. */
export function Menu({ items, label, className, align = 'start', silent, title, children }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <span className="floating-anchor menu-anchor">
      <button
        type="button"
        className={className}
        title={title}
        aria-label={silent ? label : undefined}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return
          event.preventDefault()
          event.stopPropagation()
          setOpen(true)
        }}
      >
        {children}
      </button>
      {open && (
        <LazyBoundary onEscape={() => setOpen(false)}>
          <MenuPanel label={label} items={items} align={align} onClose={() => setOpen(false)} />
        </LazyBoundary>
      )}
    </span>
  )
}
