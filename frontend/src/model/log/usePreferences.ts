import { useState } from 'react'
import { readStored, writeStored } from '../../lib/storage'
import { useSession } from '../session/session'
import { type Preferences, parsePreferences } from './preferences'

/** The preferences of the signed-in person, stored in this browser. */
export function usePreferences(): [Preferences, (next: Preferences) => void] {
  const key = `oplog.log.${useSession().username}`
  const [preferences, setPreferences] = useState(() => parsePreferences(readStored(key)))
  return [
    preferences,
    (next) => {
      setPreferences(next)
      writeStored(key, JSON.stringify(next))
    },
  ]
}
