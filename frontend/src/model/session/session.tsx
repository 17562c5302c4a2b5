import { createContext, useContext } from 'react'
import type { Session } from '../api/types'

const SessionContext = createContext<Session | null>(null)

export const SessionProvider = SessionContext.Provider

/** The session of the person signed in; only inside the pages that need one. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('no session here')
  return session
}
