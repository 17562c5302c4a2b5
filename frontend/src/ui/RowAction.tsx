import { useAdminMessages } from '../i18n/adminMessages'
import { visibleText } from '../lib/visible'

interface Props {
  title: string
  /** The name of what it acts on, which is only part of the accessible name. */
  of: string
  danger?: boolean
  onClick: () => void
}

/** A button in a row of a table. */
export function RowAction({ title, of, danger, onClick }: Props) {
  const messages = useAdminMessages()
  return (
    <button
      type="button"
      className={danger ? 'link link-danger' : 'link'}
      aria-label={visibleText(messages.named(title, of))}
      onClick={onClick}
    >
      {title}
    </button>
  )
}
