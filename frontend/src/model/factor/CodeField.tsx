import { type Ref, useId } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { useFieldError } from '../../ui/form/Form'
import './factor.css'

const length = 6

interface Props {
  ref?: Ref<HTMLInputElement>
  value: string
  onChange: (code: string) => void
  /** Called with all six digits. */
  onComplete: (code: string) => void
  autoFocus?: boolean
  error?: string | undefined
  hint?: string
}

/** The code of an authenticator app: six boxes, which are one input. */
export function CodeField({ ref, value, onChange, onComplete, autoFocus, error: refused, hint }: Props) {
  const messages = useFactorMessages()
  const id = useId()
  const invalid = useFieldError(id, messages.codeShape)
  const error = invalid ?? refused
  const note = error ?? hint

  function change(typed: string) {
    const code = typed.normalize('NFKC').replace(/\D/g, '').slice(0, length)
    if (code === value) return
    onChange(code)
    if (code.length === length) onComplete(code)
  }
  return (
    <div className="code">
      <label htmlFor={id}>{messages.code}</label>
      <div className="code-boxes">
        <input
          ref={ref}
          id={id}
          aria-label={messages.codeName}
          inputMode="numeric"
          autoComplete="one-time-code"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the step before it asked for it
          autoFocus={autoFocus}
          required
          pattern="[0-9]{6}"
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          value={value}
          onChange={(event) => change(event.target.value)}
        />
        <Boxes value={value} />
      </div>
      {note && (
        <p
          id={`${id}-note`}
          role={error ? 'alert' : undefined}
          className={error ? 'code-note code-wrong' : 'code-note'}
        >
          {note}
        </p>
      )}
    </div>
  )
}

function Boxes({ value }: { value: string }) {
  return (
    <span className="code-drawn" aria-hidden="true">
      {[0, 1, 2, 3, 4, 5].map((at) => (
        <span key={at} data-next={at === Math.min(value.length, length - 1) || undefined}>
          {value[at]}
        </span>
      ))}
    </span>
  )
}
