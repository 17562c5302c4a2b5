import type { ReactNode } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { useSignOut } from '../../model/session/queries'

/** Other ways to go on, and back to the name and the password. */
export function StepAside({ children }: { children?: ReactNode }) {
  const messages = useFactorMessages()
  const signOut = useSignOut()
  return (
    <div className="card-tools">
      <span>{children}</span>
      <button type="button" className="link" onClick={() => signOut.mutate()}>
        {messages.startAgain}
      </button>
    </div>
  )
}
