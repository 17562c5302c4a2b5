import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from 'react'
import { ApiProblem } from '../../lib/problem'
import { useFieldError } from './Form'

/** The server's error for one field. */
export function fieldError(error: unknown, name: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  return error.fields[name] ?? error.fields[`body.${name}`]
}

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  ref?: Ref<HTMLInputElement>
  label: string
  value: string
  hint?: ReactNode
  error?: string | undefined
  /** The error for a value of the wrong form. */
  shape?: string
  /** Beside the label. */
  aside?: ReactNode
  mono?: boolean
  onChange: (value: string) => void
}

/** A line of text to fill in, with its name, a hint, and what the server found wrong with it. */
export function TextField({ label, value, hint, error: refused, shape, aside, mono, onChange, ...rest }: FieldProps) {
  const id = useId()
  const error = useFieldError(id, shape) ?? refused
  return (
    <div className="form-field">
      <div className="form-label">
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      <div className={mono ? 'field mono' : 'field'}>
        <input
          id={id}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={error ? true : undefined}
          aria-describedby={error || hint ? `${id}-hint` : undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...rest}
        />
      </div>
      {(error || hint) && (
        <p id={`${id}-hint`} className={error ? 'form-hint form-wrong' : 'form-hint'}>
          {error ?? hint}
        </p>
      )}
    </div>
  )
}

interface ChoicesProps<T extends string> {
  label: string
  value: T
  choices: { value: T; title: string; text: string }[]
  onChange: (value: T) => void
}

/** A choice of a few values, each with a line that explains it. */
export function Choices<T extends string>({ label, value, choices, onChange }: ChoicesProps<T>) {
  const id = useId()
  return (
    <fieldset className="form-field form-choices">
      <legend>{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={id}
            checked={choice.value === value}
            aria-describedby={`${id}-${choice.value}`}
            onChange={() => onChange(choice.value)}
          />
          <span>{choice.title}</span>
          <small id={`${id}-${choice.value}`}>{choice.text}</small>
        </label>
      ))}
    </fieldset>
  )
}

interface AreaProps {
  label: string
  value: string
  hint: string
  rows?: number
  onChange: (value: string) => void
}

/** Several lines of text. */
export function AreaField({ label, value, hint, rows = 3, onChange }: AreaProps) {
  const id = useId()
  return (
    <div className="form-field">
      <div className="form-label">
        <label htmlFor={id}>{label}</label>
      </div>
      <textarea
        id={id}
        className="form-area mono"
        rows={rows}
        spellCheck={false}
        aria-describedby={`${id}-hint`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-hint`} className="form-hint">
        {hint}
      </p>
    </div>
  )
}

interface CheckProps {
  label: string
  text: string
  checked: boolean
  onChange: (checked: boolean) => void
}

/** A checkbox with a line that explains it. */
export function CheckField({ label, text, checked, onChange }: CheckProps) {
  const id = useId()
  return (
    <div className="form-field form-check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      <p id={`${id}-hint`} className="form-hint">
        {text}
      </p>
    </div>
  )
}
