import type { ReactNode } from 'react'
import { useFactorWords } from '../../i18n/factorWords'
import { useSignOut } from '../../model/session/queries'

/** Other ways to go on, and back to the name and the password. */
export function StepAside({ children }: { children?: ReactNode }) {
  const words = useFactorWords()
  const signOut = useSignOut()
  return (
    <div className="card-tools">
      <span>{children}</span>
      <button type="button" className="link" onClick={() => signOut.mutate()}>
        {words.startAgain}
      </button>
    </div>
  )
}
