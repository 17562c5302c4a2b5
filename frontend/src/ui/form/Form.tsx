import { createContext, type FormEvent, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { useFormMessages } from '../../i18n/formMessages'
import { type FieldError, validate } from './validation'

const FieldErrors = createContext<ReadonlyMap<string, FieldError>>(new Map())

/** The error of a field in the console's language; `shape` describes its format. */
export function useFieldError(id: string, shape?: string): string | undefined {
  const { fieldErrors, number } = useFormMessages()
  const fault = useContext(FieldErrors).get(id)
  if (!fault) return undefined
  switch (fault.is) {
    case 'short':
      return fieldErrors.short(number(fault.least))
    case 'number':
      return fieldErrors.number(number(fault.min), number(fault.max))
    case 'form':
      return shape ?? fieldErrors.form
    default:
      return fieldErrors[fault.is]
  }
}

interface Props {
  className?: string
  /** The server's error for the last attempt. */
  error?: unknown
  /** Called only if every field is valid. */
  onSubmit: () => void
  children: ReactNode
}

/**
 * A form that validates its fields itself: errors are shown at the field, in the console's language, and the first
 * such field gets the focus. A field is an HTML field with an id; other controls have their error in `data-fault`.
 */
export function Form({ className, error, onSubmit, children }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const [wrong, setWrong] = useState<ReadonlyMap<string, FieldError>>(new Map())

  // Errors of the server are shown at their fields, too.
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [error])

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const found = new Map<string, FieldError>()
    let first: HTMLElement | undefined
    for (const element of event.currentTarget.elements) {
      const fault = errorIn(element)
      if (!fault || !(element instanceof HTMLElement)) continue
      found.set(element.id, fault)
      first ??= element
    }
    setWrong(found)
    if (first) first.focus()
    else onSubmit()
  }

  /** Invalid fields are validated again on change. */
  function input({ target }: FormEvent<HTMLFormElement>) {
    if (!(target instanceof HTMLElement) || !wrong.has(target.id)) return
    const rest = new Map(wrong)
    const fault = errorIn(target)
    if (fault) rest.set(target.id, fault)
    else rest.delete(target.id)
    setWrong(rest)
  }

  return (
    <FieldErrors value={wrong}>
      <form ref={form} noValidate className={className} onSubmit={submit} onInput={input}>
        {children}
      </form>
    </FieldErrors>
  )
}

function errorIn(element: Element): FieldError | undefined {
  if (!(element instanceof HTMLElement)) return undefined
  const own = element.dataset.fault
  if (own === 'unchosen' || own === 'unfinished') return { is: own }
  const isField = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
  return isField && element.id !== '' && !element.disabled ? validate(element) : undefined
}
