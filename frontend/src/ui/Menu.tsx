import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { Floating } from './Floating'
import { shown } from './Shown'
import './menu.css'

export interface MenuItem {
  key: string
  label: ReactNode
  /** What is on now, of items that are choices. */
  selected?: boolean
  /** Without it the item is only read. */
  onChoose?: () => void
}

interface Props {
  /** Groups of items, a rule between two. */
  items: MenuItem[][]
  label: string
  className: string
  align?: 'start' | 'end'
  /** Says the label where the button shows only an icon. */
  silent?: boolean
  title?: string
  /** What the button shows. */
  children: ReactNode
}

/** A button that opens a menu: the arrow keys move in it, Enter chooses, Escape and Tab close it. */
export function Menu({ items, label, className, align, silent, title, children }: Props) {
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)

  function move(event: KeyboardEvent<HTMLElement>) {
    const all = [...event.currentTarget.querySelectorAll<Element>('button[role=menuitem]')]
    const at = document.activeElement ? all.indexOf(document.activeElement) : -1
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (event.key === 'Tab') close()
    if (next === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const target = all.at(next % all.length)
    if (target instanceof HTMLElement) target.focus()
  }

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
        <Floating role="menu" label={label} align={align} onClose={close} onKeyDown={move}>
          {items.map((group) => (
            <div key={group[0]?.key} role="group" className="menu-group">
              {group.map(({ key, label, selected, onChoose }) =>
                onChoose ? (
                  <button
                    key={key}
                    type="button"
                    role="menuitem"
                    tabIndex={-1}
                    className="menu-item"
                    aria-current={selected || undefined}
                    onClick={() => {
                      close()
                      onChoose()
                    }}
                  >
                    {shown(label)}
                  </button>
                ) : (
                  <div key={key} role="menuitem" aria-disabled="true" className="menu-item" tabIndex={-1}>
                    {shown(label)}
                  </div>
                ),
              )}
            </div>
          ))}
        </Floating>
      )}
    </span>
  )
}
