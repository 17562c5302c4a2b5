import type { ReactNode } from 'react'
import { Icon } from './Icon'
import { shown } from './Shown'
import './notice.css'

interface Props {
  kind: 'error' | 'note'
  action?: string
  onAction?: () => void
  children: ReactNode
}

/** A notice over the table: an error and its action, while the old rows stay. */
export function Notice({ kind, action, onAction, children }: Props) {
  return (
    <div className={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      {kind === 'error' && <Icon name="alert" />}
      <span>{shown(children)}</span>
      {action && (
        <button type="button" className="link" onClick={onAction}>
          {action}
        </button>
      )}
    </div>
  )
}
