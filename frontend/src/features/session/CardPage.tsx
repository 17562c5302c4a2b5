import type { ReactNode, Ref } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { Button } from '../../ui/Button'
import { Form, useFieldError } from '../../ui/form/Form'
import { useDocumentTitle } from '../../ui/hooks/useDocumentTitle'
import { Icon, Mark } from '../../ui/Icon'
import { LanguageSwitch } from '../../ui/LanguageSwitch'
import '../../ui/session.css'
import './card.css'

interface Props {
  title: string
  note: string | undefined
  /** The server's error. */
  error: string | undefined
  /** What the button does. */
  action: string
  pending: boolean
  /** Whether the button has the focus at first. */
  focused?: boolean
  /** Another button that does the same, below it. */
  other?: ReactNode
  /** Its fields in two columns, where there is room. */
  wide?: boolean
  onSubmit: () => void
  onLanguage: (tag: LocaleTag) => void
  /** Below the button. */
  aside?: ReactNode
  children?: ReactNode
}

/** A page of one form, for who is not signed in yet. */
export function CardPage(props: Props) {
  const { title, note, error, action, pending, focused, other, wide, onSubmit, onLanguage, aside, children } = props
  useDocumentTitle(title)
  return (
    <div className="page">
      <main className={wide ? 'card card-wide' : 'card'}>
        <div className="mark">
          <Mark size={24} />
          oplog
        </div>
        <h1>{title}</h1>
        {note && <p>{note}</p>}
        <Form error={error} onSubmit={() => !pending && onSubmit()}>
          {error && (
            <div className="card-error" role="alert">
              <Icon name="alert" />
              {error}
            </div>
          )}
          {children}
          <Button kind="primary" submit size="large" block pending={pending} autoFocus={focused}>
            {action}
          </Button>
          {other}
        </Form>
        {aside}
      </main>
      <footer className="page-foot">
        <LanguageSwitch onChange={onLanguage} />
      </footer>
    </div>
  )
}

interface FieldProps {
  id: string
  label: string
  value: string
  onChange: (value: string) => void
  type?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  autoComplete?: string
  autoFocus?: boolean
  list?: string
  ref?: Ref<HTMLInputElement>
  hint?: string
  mono?: boolean
  /** What the server found wrong with it. */
  error?: string | undefined
  /** What it must look like, said where it does not. */
  shape?: string
}

export function CardField(props: FieldProps) {
  const { id, label, value, onChange, hint, mono, error: refused, shape, type = 'text', ...rules } = props
  const error = useFieldError(id, shape) ?? refused
  const note = error ?? hint
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <div className={mono ? 'field mono' : 'field'}>
        <input
          id={id}
          type={type}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...rules}
        />
      </div>
      {note && (
        <p id={`${id}-note`} className={error ? 'card-note card-wrong' : 'card-note'}>
          {note}
        </p>
      )}
    </div>
  )
}
