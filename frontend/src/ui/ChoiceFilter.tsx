import type { ReactNode } from 'react'
import { useMessages } from '../i18n/language'
import { Icon } from './Icon'
import { LazyBoundary } from './LazyBoundary'
import './filters.css'
import './popup.css'

interface Props {
  label: string
  /** The numbers of chosen and of excluded values. */
  chosen: number
  excluded?: number
  /** Shows nothing if none is chosen. */
  plain?: boolean
  /** The label is cut if there is no room for it. */
  shrinks?: boolean
  /** The server refused one of them. */
  invalid: boolean
  open: boolean
  onOpen: (open: boolean) => void
  /** The panel that the button opens. */
  children: ReactNode
}

/** A button that opens the choices of a filter, with the numbers of chosen and excluded values. */
export function ChoiceFilter({ label, chosen, excluded = 0, plain, shrinks, invalid, open, onOpen, children }: Props) {
  const messages = useMessages()
  return (
    <div className={shrinks ? 'floating-anchor choice-anchor' : 'floating-anchor'}>
      <button
        type="button"
        className={invalid ? 'choice-trigger choice-invalid' : 'choice-trigger'}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => onOpen(!open)}
      >
        <span className="cut">{label}</span> {chosen > 0 && <b>{messages.number(chosen)}</b>}{' '}
        {excluded > 0 && (
          <b className="choice-not">
            <span className="sr">{messages.notThese(messages.number(excluded))}</span>
            <Icon name="not" small />
            <span aria-hidden="true">{messages.number(excluded)}</span>
          </b>
        )}
        {chosen + excluded === 0 && !plain && <span className="choice-all">{messages.all}</span>}
        <Icon name="down" />
      </button>
      {open && <LazyBoundary onEscape={() => onOpen(false)}>{children}</LazyBoundary>}
    </div>
  )
}
