import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { useMessages } from '../i18n/language'
import { Icon } from './Icon'
import { Shown } from './Shown'
import './dialog.css'

interface Props {
  title: string
  className?: string
  /** A press beside it does not close it: what it holds would be lost. */
  firm?: boolean
  onClose: () => void
  children: ReactNode
}

/** A modal dialog: the browser's own, which keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({ title, className, firm, onClose, children }: Props) {
  const messages = useMessages()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()

  // Before it leaves the page, for only then does it give the focus back.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the key for it is Escape
    <dialog
      ref={dialog}
      aria-labelledby={id}
      className={className ? `dialog ${className}` : 'dialog'}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (!firm && event.target === event.currentTarget) onClose()
      }}
    >
      <div className="dialog-inside">
        <header>
          <h2 id={id}>
            <Shown text={title} />
          </h2>
          <button type="button" className="icon-button" aria-label={messages.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
