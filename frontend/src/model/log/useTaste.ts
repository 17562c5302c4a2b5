import { useState } from 'react'
import { readStored, writeStored } from '../../lib/storage'
import { useSession } from '../session/session'
import { readTaste, type Taste } from './taste'

/** The taste of the person who is signed in, kept in this browser. */
export function useTaste(): [Taste, (next: Taste) => void] {
  const key = `oplog.log.${useSession().username}`
  const [taste, setTaste] = useState(() => readTaste(readStored(key)))
  return [
    taste,
    (next) => {
      setTaste(next)
      writeStored(key, JSON.stringify(next))
    },
  ]
}
