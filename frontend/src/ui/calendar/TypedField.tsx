import { type Ref, useId } from 'react'
import './typed.css'

interface Props {
  label: string
  value: string
  invalid: boolean
  /** The id of the error's text. */
  describedBy: string
  input?: Ref<HTMLInputElement>
  onChange: (value: string) => void
  onFocus?: () => void
  onLeave: () => void
}

/** A field for a day or a time, which is typed as one likes. */
export function TypedField({ label, value, invalid, describedBy, input, onChange, onFocus, onLeave }: Props) {
  const id = useId()
  return (
    <div className="typed-field">
      <label htmlFor={id}>{label}</label>
      <div className="field">
        <input
          ref={input}
          id={id}
          type="text"
          autoComplete="off"
          spellCheck={false}
          placeholder="2026-01-31"
          value={value}
          aria-invalid={invalid}
          aria-describedby={invalid ? describedBy : undefined}
          onChange={(event) => onChange(event.target.value)}
          onFocus={onFocus}
          onBlur={onLeave}
        />
      </div>
    </div>
  )
}
