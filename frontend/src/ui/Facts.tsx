import type { ReactNode } from 'react'
import { shown } from './Shown'

export interface Fact {
  label: string
  value: ReactNode
}

/** Facts, each with its name, in columns. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className="system-facts">
      {facts.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{shown(value)}</dd>
        </div>
      ))}
    </dl>
  )
}
