import type { ButtonHTMLAttributes } from 'react'
import './button.css'

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  kind?: 'primary' | 'plain'
  /** The action cannot be undone. */
  danger?: boolean
  size?: 'small' | 'middle' | 'large'
  /** As wide as its container. */
  block?: boolean
  submit?: boolean
  /** Under way: a second press does nothing, and the focus stays. */
  pending?: boolean
}

export function Button(props: Props) {
  const { kind = 'plain', danger, size = 'middle', block, submit, pending, className, children, ...rest } = props
  const classes = ['button', `button-${kind}`, `button-${size}`, danger && 'button-danger', block && 'button-block']
  return (
    <button
      {...rest}
      type={submit ? 'submit' : 'button'}
      className={[...classes, className].filter(Boolean).join(' ')}
      aria-busy={pending || undefined}
      aria-disabled={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : rest.onClick}
    >
      {pending && <span className="button-pending" aria-hidden="true" />}
      {children}
    </button>
  )
}
