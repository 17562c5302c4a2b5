import { type ReactNode, useEffect, useRef } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { problemText } from '../../lib/problem'
import { Button } from '../Button'
import { Dialog } from '../Dialog'
import { useViewportWidth } from '../hooks/useViewportWidth'
import { Notice } from '../Notice'
import { Form } from './Form'
import './form.css'

interface Props {
  title: string
  /** The text of the button. */
  action: string
  danger?: boolean
  /** Of the last attempt. */
  error?: unknown
  pending?: boolean
  wide?: boolean
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** The fields of a form, except unchosen options; the first one gets the focus. */
const firstField = 'input:not([type=radio], [type=checkbox]), input:checked, textarea, [data-opener]'

/** A dialog with fields or a question, the error of the last attempt, and two buttons. */
export function FormDialog({ title, action, danger, error, pending, wide, onSubmit, onClose, children }: Props) {
  const messages = useAdminMessages()
  const body = useRef<HTMLDivElement>(null)
  const phone = useViewportWidth() < 768
  useEffect(() => {
    if (phone) return // whose keyboard would cover half of it
    const first = body.current?.querySelector<HTMLElement>(firstField)
    const button = body.current?.closest('form')?.querySelector('button')
    ;(first ?? button)?.focus()
  }, [phone])

  return (
    <Dialog firm title={title} className={wide ? 'form-dialog' : 'form-dialog form-narrow'} onClose={onClose}>
      <Form error={error} onSubmit={() => !pending && onSubmit()}>
        <div ref={body} className="form-body">
          {children}
        </div>
        {error !== undefined && error !== null && <Notice kind="error">{messages.notDone(problemText(error))}</Notice>}
        <footer className="form-foot">
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button kind="primary" danger={danger} submit pending={pending}>
            {action}
          </Button>
        </footer>
      </Form>
    </Dialog>
  )
}
