import type { ReactNode } from 'react'
import { Icon, type IconName } from '../../ui/Icon'
import './verdict.css'

interface Props {
  kind: 'proven' | 'broken' | 'neutral'
  children: ReactNode
}

const icons: Record<Props['kind'], IconName> = { proven: 'shield', broken: 'shieldBroken', neutral: 'shieldOpen' }

/** The result of a check in this browser. */
export function VerdictLine({ kind, children }: Props) {
  return (
    <div className={`proof proof-${kind}`} role="status">
      <Icon name={icons[kind]} />
      <span>{children}</span>
    </div>
  )
}
