import type { ButtonHTMLAttributes } from 'react'
import { Icon, type IconName } from './Icon'

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  label: string
  icon: IconName
  small?: boolean
}

/** A button of an icon alone, whose label is also its tooltip. */
export function IconButton({ label, icon, small, ...rest }: Props) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
      <Icon name={icon} small={small} />
    </button>
  )
}
