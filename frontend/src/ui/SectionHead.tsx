import type { ReactNode } from 'react'

interface Props {
  title: string
  text?: string
  /** Actions beside the title. */
  children?: ReactNode
}

export function SectionHead({ title, text, children }: Props) {
  return (
    <header className="section-head">
      <div>
        <h1>{title}</h1>
        {text && <p>{text}</p>}
      </div>
      {children && <div className="section-actions">{children}</div>}
    </header>
  )
}
